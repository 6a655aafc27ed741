"""What operators are to see to, and what webhook endpoints are refused for."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
    "events_untold": Meaning(
        _("Receivers of this project's signals were not told of some events."),
        _("Start connected_accounts_worker, or look in its log: it tells what was left."),
        "operator",
    ),
    "outcomes_unknown": Meaning(
        _("Of some posts nobody knows whether they are live: the platform could not tell."),
        _("Look at each account, then say on the post's page what is there."),
        "author",
    ),
    "queue_still": Meaning(
        _("Posts have been due for minutes, and nobody takes them up."),
        _("Start connected_accounts_worker; if it runs, look in its log, and start more of them."),
        "operator",
    ),
    "too_many_webhooks": Meaning(
        _("You may have at most %(max)s webhook endpoints here."),
        _("Remove one that is no longer needed."),
        "author",
    ),
    "unknown_event_type": Meaning(
        _("There are no events called “%(type)s”."),
        _("Use the names of the signals reference, or “publication.*” for all that begin so."),
        "author",
    ),
    "webhook_exists": Meaning(
        _("This address is told already."), _("Change the endpoint that is there, or remove it."), "author"
    ),
    "webhook_stopped": Meaning(
        _("%(account)s has taken no webhook for days, or said that it is gone, and is told nothing more."),
        _("Mend it, switch it on again, and have it told what it missed."),
        "operator",
    ),
    "webhook_url_refused": Meaning(
        _("Webhooks can't be sent to this address: %(reason)s."),
        _("Give a public https address without a user name in it."),
        "author",
    ),
    "webhooks_failing": Meaning(
        _("Some webhook endpoints do not take what they are told."),
        _("Look at their deliveries, mend them, then replay what they missed."),
        "operator",
    ),
}
