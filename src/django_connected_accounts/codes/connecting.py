"""How a round trip to the platform and back can end."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
    "denied": Meaning(
        _("You declined on %(platform)s, so nothing was connected."),
        _("Start again whenever you like, and allow the access there."),
        "owner",
    ),
    "attempt_open": Meaning(
        _("You have not come back from %(platform)s yet."),
        _("Finish there, or start again."),
        "owner",
    ),
    "attempt_expired": Meaning(
        _("It took too long, so for your safety this connection was ended."), _("Start again."), "owner"
    ),
    "attempt_replayed": Meaning(
        _("This link was used before, and it works only once."),
        _("See your accounts: it may be connected. If it is not, start again."),
        "owner",
    ),
    "attempt_not_found": Meaning(
        _("This connection was not begun by you, or it no longer exists."), _("Start again."), "owner"
    ),
    "connection_interrupted": Meaning(
        _("The connection broke off on our side before it was finished."), _("Start again."), "owner"
    ),
    "connection_failed": Meaning(
        _("The connection failed on our side, and nothing was saved."),
        _("Start again; if it happens twice, tell the operator."),
        "owner",
    ),
    "other_browser": Meaning(
        _("This connection was begun in another browser or window."),
        _("Start again here, and stay in this browser until you are back."),
        "owner",
    ),
    "other_user": Meaning(
        _("This connection was begun by another user of this site."),
        _("Sign in as that user, or start again as yourself."),
        "owner",
    ),
    "other_platform": Meaning(
        _("This answer belongs to a connection with another platform."), _("Start again."), "owner"
    ),
    "state_missing": Meaning(
        _("%(platform)s sent you back without the proof that you began this here."),
        _("Start again from this site."),
        "owner",
    ),
    "unknown_state": Meaning(
        _("We know of no connection that this answer belongs to."), _("Start again from this site."), "owner"
    ),
    "callback_incomplete": Meaning(
        _("%(platform)s sent you back without an authorization code."), _("Start again."), "owner"
    ),
    "issuer_mismatch": Meaning(
        _("The answer did not come from %(platform)s, so it was refused."),
        _("Start again from this site, and tell the operator if it happens twice."),
        "owner",
    ),
    "token_of_another_app": Meaning(
        _("%(platform)s gave an access that was made for a different app, so it was refused."),
        _("Start again from this site; the operator should check the app's credentials."),
        "owner",
    ),
    "code_expired": Meaning(
        _("%(platform)s's authorization expired before it reached us."), _("Start again."), "owner"
    ),
    "code_used": Meaning(
        _("%(platform)s says that this authorization was used before."),
        _("See your accounts: it may be connected. If it is not, start again."),
        "owner",
    ),
    "code_refused": Meaning(
        _("%(platform)s refused the authorization it had just given."),
        _("Start again; if it happens twice, the operator should check the app's credentials."),
        "owner",
    ),
    "redirect_mismatch": Meaning(
        _("%(platform)s does not recognise the address it sent you back to."),
        _("The operator must register this site's callback address with the app, to the letter."),
        "operator",
    ),
    "redirect_uri_insecure": Meaning(
        _("The address to come back to is not https."),
        _("The operator must set CONNECTED_ACCOUNTS_BASE_URL to an https address."),
        "operator",
    ),
    "app_misconfigured": Meaning(
        _("%(platform)s does not accept this site's app."),
        _("The operator must check the app's id, secret and state at the platform."),
        "operator",
    ),
    "scopes_declined": Meaning(
        _("Without these permissions no account can be connected: %(scopes)s."),
        _("Start again and leave them ticked; you will be asked for them once more."),
        "owner",
    ),
    "no_account": Meaning(
        _("%(platform)s shows no account that you allowed us to use."),
        _("Start again and choose at least one account there."),
        "owner",
    ),
    "no_usable_account": Meaning(
        _("None of these accounts can be published to: %(accounts)s."),
        _("Check on %(platform)s that you may publish with one of them, then start again."),
        "owner",
    ),
    "wrong_account": Meaning(
        _("You were to reconnect @%(wanted)s, but %(platform)s gave access to %(accounts)s."),
        _("Sign in on %(platform)s as @%(wanted)s, or choose that account there, then reconnect again."),
        "owner",
    ),
    "owned_by_other": Meaning(
        _("%(accounts)s is connected by another user of this site."),
        _("Ask that user to disconnect it first."),
        "owner",
    ),
    "platform_error": Meaning(
        _("%(platform)s answered with an error."),
        _("Start again; if it happens twice, tell the operator."),
        "owner",
    ),
    "platform_unavailable": Meaning(
        _("%(platform)s did not answer, or was too busy to."),
        _("Try again in a few minutes; posts are tried again by themselves."),
        "nobody",
    ),
    "nothing_chosen": Meaning(_("No account was chosen."), _("Tick at least one account."), "owner"),
    "unknown_choice": Meaning(
        _("One of the accounts chosen is not among those offered."),
        _("Choose from the list, or start again."),
        "owner",
    ),
    "not_permitted": Meaning(
        _("You may not connect accounts of %(platform)s here."),
        _("Ask the operator of this site for access."),
        "operator",
    ),
    "unknown_platform": Meaning(
        _("There is no platform called “%(platform)s” here."), _("Choose one of those offered."), "owner"
    ),
    "platform_not_configured": Meaning(
        _("This site is not set up for %(platform)s yet."),
        _("The operator must add the app's id and secret to CONNECTED_ACCOUNTS_PROVIDERS."),
        "operator",
    ),
    "page_role": Meaning(
        _("A Facebook Page that is linked to the account, and your right to publish with it."),
        _("You are asked to choose the Page on the way."),
        "owner",
    ),
    "facebook_page": Meaning(
        _("A Facebook Page, and your right to create content for it."),
        _("You are asked on the way which Pages you allow; personal profiles can't be published to."),
        "owner",
    ),
    "page_not_needed": Meaning(
        _("No Facebook Page."), _("You sign in on Instagram itself, as the account."), "owner"
    ),
    "signed_in_account": Meaning(
        _("An account at %(platform)s."),
        _("The one you are signed in with there is connected; for another, change to it there first."),
        "owner",
    ),
    "member_or_page": Meaning(
        _("Your own profile; for a company Page, a role on it that may post."),
        _("Where both can be connected, you choose on the way back."),
        "owner",
    ),
    "professional_account": Meaning(
        _("A professional account: business or creator."),
        _("Switching is free: in the app, Settings, Account type and tools."),
        "owner",
    ),
}
