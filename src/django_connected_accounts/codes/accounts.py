"""How accounts are, and what can't be done with them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
    "platform_does_not_measure": Meaning(
        _("%(platform)s gives no numbers."), _("Nothing needs to be done."), "nobody"
    ),
    "measure_permission_missing": Meaning(
        _("%(account)s does not let us read its numbers."),
        _("Reconnect it and allow insights, as somebody whose role there may see them."),
        "owner",
    ),
    "publication_not_live": Meaning(
        _("It is not live there: it has no numbers, and there is nothing to delete."),
        _("Look again once it is."),
        "nobody",
    ),
    "account_not_found": Meaning(
        _("There is no such account among yours."), _("Choose one of your accounts."), "owner"
    ),
    "account_gone": Meaning(
        _("%(platform)s no longer shows this account to you."),
        _("Check there that you still manage it, then reconnect."),
        "owner",
    ),
    "access_ending": Meaning(
        _("Access to %(account)s ends on %(ends)s. Posts scheduled after that: %(posts)s."),
        _("Reconnect the account before that day, and they go out."),
        "owner",
    ),
    "revoke_failed": Meaning(
        _("%(platform)s could not be told that access to %(account)s has ended here."),
        _("Remove this site in the settings of %(platform)s, under connected apps."),
        "owner",
    ),
    "account_not_paused": Meaning(_("%(account)s is not paused."), _("Nothing needs to be done."), "nobody"),
    "reconnect_needed": Meaning(
        _("The platform no longer accepts our access to this account."), _("Reconnect the account."), "owner"
    ),
    "action_needed": Meaning(
        _("The platform wants the account's owner to do something there first."),
        _("Open the platform, do what it asks, then test the connection."),
        "owner",
    ),
    "permission_missing": Meaning(
        _("A permission that publishing needs was not granted."),
        _("Reconnect the account and leave every permission ticked."),
        "owner",
    ),
    "token_expired": Meaning(
        _("The access to this account has expired."), _("Reconnect the account."), "owner"
    ),
    "token_refused": Meaning(
        _("The platform no longer accepts our access to this account."), _("Reconnect the account."), "owner"
    ),
    "token_malformed": Meaning(
        _("The stored access to this account is damaged."), _("Reconnect the account."), "owner"
    ),
    "access_revoked": Meaning(
        _("The access of this site was withdrawn on the platform."),
        _("Reconnect the account if that was not intended."),
        "owner",
    ),
    "data_deleted": Meaning(
        _("The person behind this account asked the platform to have their data deleted here."),
        _("Connect it anew if they agree; until then nothing can be published on it."),
        "owner",
    ),
    "session_ended": Meaning(
        _("The platform ended the session that our access came from."), _("Reconnect the account."), "owner"
    ),
    "password_changed": Meaning(
        _("The password was changed on the platform, which ended our access."),
        _("Reconnect the account."),
        "owner",
    ),
    "page_role_lost": Meaning(
        _("The person who connected this account no longer has a role on its Page."),
        _("Restore the role, or have somebody with one reconnect the account."),
        "owner",
    ),
    "refresh_retrying": Meaning(
        _("The platform did not renew our access just now; we try again by ourselves."),
        _("Nothing needs to be done."),
        "nobody",
    ),
    "refresh_busy": Meaning(
        _("The access to this account is being renewed."), _("Try again in a minute."), "nobody"
    ),
    "refresh_refused": Meaning(
        _("The platform did not renew our access and gave no reason."),
        _("Nothing yet: we try again by ourselves."),
        "nobody",
    ),
    "refresh_interrupted": Meaning(
        _(
            "We asked the platform to renew our access, never learned its answer, "
            "and the old access has ended."
        ),
        _("Reconnect the account."),
        "owner",
    ),
    "refresh_not_possible": Meaning(
        _("%(platform)s can't renew this access now: it is too young, or renews only by reconnecting."),
        _("Nothing needs to be done while the account is connected; reconnect it before it expires."),
        "nobody",
    ),
    "undecryptable": Meaning(
        _("The stored access to this account can't be read."),
        _("Reconnect the account; the operator should check the encryption keys."),
        "operator",
    ),
    "unknown_key": Meaning(
        _("The key that this account's access was encrypted with is missing."),
        _("The operator must bring the key back, or the owner reconnects the account."),
        "operator",
    ),
    "tampered": Meaning(
        _("The stored access to this account was changed or moved, so it was not used."),
        _("Reconnect the account; the operator should find out who changed the database."),
        "operator",
    ),
    "not_encrypted": Meaning(
        _("The stored access to this account is not encrypted, so it was not used."),
        _("Reconnect the account; the operator should find out who wrote it."),
        "operator",
    ),
}
