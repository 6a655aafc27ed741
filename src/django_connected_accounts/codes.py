"""What every code means: what happened, what to do, and who must act. Pages, API, e-mails and docs read this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Who = Literal["author", "owner", "operator", "nobody"]
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Meaning:
    """``cause`` and ``action`` are translated sentences with ``%(name)s`` places; ``who`` must act."""

    cause: Text
    action: Text
    who: Who


def explain(code: str, params: Mapping[str, Any] | None = None) -> Meaning:
    """Return the meaning of a code, its places filled; a code we never saw is explained as itself."""
    meaning = CODES.get(code) or CODES["error"]
    values = _Missing(params or {}, code=code)
    return Meaning(str(meaning.cause) % values, str(meaning.action) % values, meaning.who)


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


CODES: Mapping[str, Meaning] = {
    "error": Meaning(
        _("Something went wrong (%(code)s)."), _("Try again; if it stays, tell the operator."), "operator"
    ),
    # JSON API
    "csrf_failed": Meaning(
        _("The request carried no valid CSRF token."),
        _("Send the value of the CSRF cookie in the X-CSRFToken header."),
        "author",
    ),
    "idempotency_in_progress": Meaning(
        _("A request with this Idempotency-Key is still being worked on."),
        _("Send it again in a moment; you will get its answer."),
        "nobody",
    ),
    "idempotency_key_reused": Meaning(
        _("This Idempotency-Key was used for a different request."),
        _("Use a new key for every new request."),
        "author",
    ),
    "invalid_characters": Meaning(
        _("The request holds characters that can't be stored."),
        _("Remove NUL characters and unpaired surrogates."),
        "author",
    ),
    "invalid_form": Meaning(
        _("The form could not be read."), _("Send it as multipart/form-data, complete."), "author"
    ),
    "invalid_idempotency_key": Meaning(
        _("The Idempotency-Key is not usable."),
        _("Send 1 to 255 printable ASCII characters, for example a UUID."),
        "author",
    ),
    "invalid_json": Meaning(
        _("The request's body is not a JSON object."), _("Send one JSON object in UTF-8."), "author"
    ),
    "invalid_page": Meaning(
        _("There is no such page."), _("Give a whole number from 1 to %(most)s."), "author"
    ),
    "invalid_time": Meaning(
        _("“%(given)s” is not a time we understand."),
        _("Give ISO 8601 with an offset (2026-05-04T09:30:00Z), or a local time and its zone."),
        "author",
    ),
    "media_missing": Meaning(
        _("A picture or film was announced but not sent."),
        _("Give each entry of “media” a “url”, or send a file for it in the “media” part."),
        "author",
    ),
    "method_not_allowed": Meaning(
        _("%(method)s is not possible here."), _("Use one of the methods in the Allow header."), "author"
    ),
    "missing_field": Meaning(_("“%(field)s” is missing."), _("Send it."), "author"),
    "not_allowed": Meaning(
        _("You may not do this."), _("Ask the administrator of this site for permission."), "operator"
    ),
    "not_authenticated": Meaning(_("You are not signed in."), _("Sign in, then try again."), "author"),
    "not_configured": Meaning(
        _("This site is not completely set up for this."),
        _("Run “manage.py check”: it names the missing setting."),
        "operator",
    ),
    "not_found": Meaning(
        _("There is nothing here, or nothing you may see."), _("Check the address."), "author"
    ),
    "request_too_large": Meaning(
        _("The request's body is larger than this site takes."),
        _("Send media as files in multipart/form-data, or as links."),
        "author",
    ),
    "unknown_field": Meaning(
        _("There is no field called “%(field)s” here."), _("Remove it, or correct its name."), "author"
    ),
    "unsupported_media_type": Meaning(
        _("“%(given)s” can't be read here."), _("Send application/json."), "author"
    ),
    "wrong_type": Meaning(_("“%(field)s” has to be: %(wanted)s."), _("Correct its value."), "author"),
    # Publishing
    "account_action_needed": Meaning(
        _("The account waits for its owner to act on the platform."),
        _("Open the account to see what to do; the post goes out when it is done."),
        "owner",
    ),
    "account_disconnected": Meaning(
        _("The account was disconnected."),
        _("Connect it again, or cancel the post."),
        "owner",
    ),
    "account_missing": Meaning(
        _("No account was chosen."), _("Choose at least one account to publish to."), "author"
    ),
    "account_not_usable": Meaning(
        _("%(account)s can't publish at the moment."),
        _("Open the account to see why, or leave it out."),
        "owner",
    ),
    "account_paused": Meaning(_("The account is paused."), _("Resume it; the post goes out then."), "owner"),
    "account_permission_missing": Meaning(
        _("The account lacks a permission to publish."),
        _("Reconnect it and allow publishing; the post goes out then."),
        "owner",
    ),
    "account_reconnect_needed": Meaning(
        _("The platform no longer accepts our access to the account."),
        _("Reconnect the account; the post goes out then."),
        "owner",
    ),
    "account_undecryptable": Meaning(
        _("The stored access to the account can't be read."),
        _("Restore the encryption key, or reconnect the account."),
        "operator",
    ),
    "already_scheduled": Meaning(
        _("The post has already been sent, or is to be sent, from %(account)s."),
        _("Open the post to see where it stands."),
        "author",
    ),
    "internal_error": Meaning(
        _("Something went wrong on our side."),
        _("Nothing to do for you; it is tried again, and the operator finds the cause in the log."),
        "operator",
    ),
    "link_malformed": Meaning(
        _("This is not a link to a post."),
        _("Paste the full address of the post, beginning with https://."),
        "author",
    ),
    "not_approved": Meaning(
        _("The post was changed after it was approved."),
        _("Look at it once more and approve it, or schedule it again."),
        "author",
    ),
    "not_possible_now": Meaning(
        _("This is not possible while the post on %(account)s is “%(status)s”."),
        _("Wait until that has changed, then look again."),
        "author",
    ),
    "not_taken": Meaning(
        _("The platform did not take the step."), _("Nothing to do; it is tried again."), "nobody"
    ),
    "outcome_unknown": Meaning(
        _("The platform gave no clear answer: the post may be live."),
        _(
            "It is looked up before anything is repeated. If it stays open, look on the platform and say so here."
        ),
        "author",
    ),
    "past_date": Meaning(_("This time has passed."), _("Choose a time to come, or publish now."), "author"),
    "platform_does_not_publish": Meaning(
        _("%(platform)s has no way to publish."), _("Choose another account."), "author"
    ),
    "time_does_not_exist": Meaning(
        _("The clocks in %(zone)s skip this time."), _("Choose a time an hour earlier or later."), "author"
    ),
    "too_late": Meaning(
        _("Its time passed before it could be sent."), _("Publish it now, or choose a new time."), "author"
    ),
    "unknown_zone": Meaning(
        _("There is no time zone “%(zone)s”."), _("Use an IANA name such as Europe/Berlin."), "author"
    ),
}
