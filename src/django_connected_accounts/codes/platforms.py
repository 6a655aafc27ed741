"""What platforms answer."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
    "account_rate_limited": Meaning(
        _("%(platform)s allows this account no more calls for now."),
        _("Nothing: it goes on by itself when the platform allows it."),
        "nobody",
    ),
    "app_rate_limited": Meaning(
        _("%(platform)s allows this site no more calls for now."),
        _("Nothing: it goes on by itself when the platform allows it."),
        "nobody",
    ),
    "publishing_quota_reached": Meaning(
        _("This account has published as much as %(platform)s allows in a day."),
        _("Nothing: it goes out when the platform allows it. Cancel it if that is too late."),
        "nobody",
    ),
    "activity_restricted": Meaning(
        _("%(platform)s takes this activity for spam and has stopped it for now."),
        _("Wait, and look for a notice in the platform's app."),
        "owner",
    ),
    "account_restricted": Meaning(
        _("%(platform)s has restricted this account."),
        _("Open the platform's app, sign in as this account and follow what it asks."),
        "owner",
    ),
    "account_unconfirmed": Meaning(
        _("%(platform)s wants this account confirmed first."),
        _("Confirm the account on the platform, then reconnect."),
        "owner",
    ),
    "checkpoint": Meaning(
        _("%(platform)s wants to check who is signed in."),
        _("Sign in on the platform's own site and follow what it asks, then reconnect."),
        "owner",
    ),
    "page_without_instagram": Meaning(
        _("No Instagram professional account is linked to this Page."),
        _("Link one in the Page's settings on Facebook, then connect again."),
        "owner",
    ),
    "page_task_missing": Meaning(
        _("You may not publish for this Page."),
        _("Ask the Page's owner for the task of creating content, then connect again."),
        "owner",
    ),
    "page_token_missing": Meaning(
        _("Facebook gave no access to this Page."),
        _("Connect again and choose this Page when Facebook asks which ones."),
        "owner",
    ),
    "personal_account": Meaning(
        _("This is a personal account, and Instagram lets no other app publish to those."),
        _("Switch it to a professional account in Instagram's settings, then connect again."),
        "owner",
    ),
    "object_not_visible": Meaning(
        _("%(platform)s does not show us what we asked for at the moment."),
        _("Nothing: we ask again."),
        "nobody",
    ),
    "out_of_time": Meaning(
        _("The worker had too little time left to send this safely."),
        _("Nothing: it is sent next time."),
        "nobody",
    ),
    "version_ending": Meaning(
        _("Version %(version)s of the API of %(platform)s ends on %(ends)s."),
        _("Upgrade django-connected-accounts, or set a newer API_VERSION."),
        "operator",
    ),
    "host_refused": Meaning(
        _("The platform named an address that is not its own, so we did not call it."),
        _("Tell the operator."),
        "operator",
    ),
    "page_confirmation_needed": Meaning(
        _("%(platform)s wants those who run this Page confirmed before it publishes more."),
        _("Open the Page on the platform, signed in as yourself, and follow what it asks."),
        "owner",
    ),
    "data_access_ended": Meaning(
        _("%(platform)s lets us read nothing more of this account: you have not signed in for 90 days."),
        _("Reconnect the account."),
        "owner",
    ),
    "upload_offset": Meaning(
        _("%(platform)s wants another part of the film first."), _("Nothing: it goes on by itself."), "nobody"
    ),
    "content_rejected": Meaning(
        _("%(platform)s does not take this post."), _("Change it and try again."), "author"
    ),
    "rate_limited": Meaning(
        _("%(platform)s takes no more for now."), _("Nothing to do: it goes on by itself."), "nobody"
    ),
    "request_refused": Meaning(
        _("%(platform)s refused this and did not say why."),
        _("Change the post and try again; if it stays, tell the operator."),
        "author",
    ),
    "duplicate_post": Meaning(
        _("%(platform)s says that this was posted already."),
        _("Look at the account, or change the text."),
        "author",
    ),
    "container_gone": Meaning(
        _("%(platform)s no longer has what we prepared there."), _("Nothing: we prepare it again."), "nobody"
    ),
    "media_not_ready": Meaning(
        _("%(platform)s is still preparing the media."), _("Nothing: it goes on by itself."), "nobody"
    ),
    "media_processing_failed": Meaning(
        _("%(platform)s could not process the media."),
        _("Export it anew, or use another file, and try again."),
        "author",
    ),
    "media_unreachable": Meaning(
        _("%(platform)s could not fetch the media from this site."),
        _("Check that the public can reach the site, then try again."),
        "operator",
    ),
    "app_not_permitted": Meaning(
        _("%(platform)s does not let this site's app do this."),
        _("The operator must check the app's access, permissions and plan in the platform's console."),
        "operator",
    ),
    "credits_depleted": Meaning(
        _("This site has no credits left at %(platform)s."),
        _("The operator must top them up in the platform's console; the posts go out then."),
        "operator",
    ),
    "spend_cap_reached": Meaning(
        _("This site has spent as much at %(platform)s as its operator allows."),
        _("The operator must raise the cap in the platform's console, or wait for the next billing cycle."),
        "operator",
    ),
    "usage_capped": Meaning(
        _("This site has used up what its plan at %(platform)s allows."),
        _("The operator must choose a larger plan, or wait until the platform counts anew."),
        "operator",
    ),
    "post_gone": Meaning(
        _("%(platform)s does not show the post that this is about, or has it no more."),
        _("Look for it there; remove the reference to it if it is gone."),
        "author",
    ),
    "reply_not_allowed": Meaning(
        _("%(platform)s lets this site reply only to posts that mention or quote the account."),
        _("Remove the reply, or write it on the platform."),
        "author",
    ),
    "quote_not_allowed": Meaning(
        _("%(platform)s does not let this site quote posts."),
        _("Remove the quote; a link to the post may do."),
        "author",
    ),
    "too_many_cashtags": Meaning(
        _("%(platform)s takes one cashtag ($ABC) in a post."), _("Remove the others."), "author"
    ),
    "link_costs": Meaning(
        _("%(platform)s charges this site %(price)s dollars for a post with a link, %(plain)s without."),
        _("Nothing, if the link is worth it."),
        "nobody",
    ),
    "video_too_long_for_account": Meaning(
        _("%(platform)s does not take a film of this length from this account."),
        _("Cut it to 140 seconds, or publish it from an account that pays for longer ones."),
        "author",
    ),
    "thread_incomplete": Meaning(
        _("It is published, but a further post of the thread was refused."),
        _("Write the rest of the thread on the platform."),
        "author",
    ),
    "first_comment_failed": Meaning(
        _("It is published, but the first comment was refused."),
        _("Write the comment on the platform."),
        "author",
    ),
    "permalink_unknown": Meaning(
        _("It is published, but %(platform)s has not told us its address."),
        _("Look at the account."),
        "nobody",
    ),
    "platform_app_outdated": Meaning(
        _("The app on the owner's phone is too old to take drafts."), _("Update it, then try again."), "owner"
    ),
    "app_not_audited": Meaning(
        _(
            "Until %(platform)s has audited this site's app, it takes only posts that nobody else can "
            "see, on private accounts."
        ),
        _("Choose “Only you”, or have the operator apply for the audit."),
        "operator",
    ),
    "too_many_pending_drafts": Meaning(
        _("Too many drafts wait in the account's inbox."),
        _("Publish or delete some there; the post goes on then."),
        "owner",
    ),
    "media_domain_unverified": Meaning(
        _("%(platform)s does not know that the address of the media is this site's."),
        _("The operator must verify the domain in the platform's developer portal."),
        "operator",
    ),
    "publish_cancelled": Meaning(
        _("Publishing was stopped on the platform."), _("Try again if it should go out."), "author"
    ),
    "api_version_ended": Meaning(
        _(
            "%(platform)s no longer answers the version of its API that this site uses. "
            "Nothing is lost: posts wait."
        ),
        _("The operator must upgrade django-connected-accounts, or set a newer API_VERSION."),
        "operator",
    ),
    "page_role_missing": Meaning(
        _("This person may not post for the Page."),
        _("Have an administrator of the Page give them a role that may, then connect again."),
        "owner",
    ),
}
