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
    # Connecting: how a round trip can end
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
        "operator",
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
        "operator",
    ),
    "token_of_another_app": Meaning(
        _("%(platform)s gave an access that was made for a different app, so it was refused."),
        _("Start again from this site; the operator should check the app's credentials."),
        "operator",
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
        "operator",
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
        "operator",
    ),
    "platform_unavailable": Meaning(
        _("%(platform)s did not answer, or was too busy to."), _("Try again in a few minutes."), "nobody"
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
    # Accounts: their health, and what can't be done with them
    "account_not_found": Meaning(
        _("There is no such account among yours."), _("Choose one of your accounts."), "owner"
    ),
    "account_gone": Meaning(
        _("%(platform)s no longer shows this account to you."),
        _("Check there that you still manage it, then reconnect."),
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
    "media_unexpected": Meaning(
        _("More files were sent than “media” has places for."),
        _("Send one file for each entry without a “url” or “id”."),
        "author",
    ),
    "nothing_to_cancel": Meaning(
        _("Nothing of this post is still to go out."), _("There is nothing to do."), "nobody"
    ),
    "post_already_scheduled": Meaning(
        _("This post was scheduled or sent already, so it is kept."),
        _("Cancel what has not gone out yet, if that is what you want."),
        "author",
    ),
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
    "comment_permission_missing": Meaning(
        _("%(account)s does not let us write comments."),
        _("Reconnect it and allow comments, or leave the first comment out."),
        "owner",
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
    # Media and composing
    "content_changed": Meaning(
        _("The post was edited while you were looking at it."),
        _("Read it again, then decide."),
        "author",
    ),
    "cover_not_a_picture": Meaning(
        _("The cover is not a picture."), _("Choose a picture, for example a JPEG."), "author"
    ),
    "cover_not_available": Meaning(
        _("This post has no place for a cover: only a reel's film has one."), _("Remove the cover."), "author"
    ),
    "fit_not_possible": Meaning(
        _("Films can't be converted, cropped or padded here."),
        _("Leave it as it is, or edit the film before you add it."),
        "author",
    ),
    "fit_unknown": Meaning(
        _("“%(fit)s” is no way to make a picture fit."), _("Use “convert”, “crop” or “pad”."), "author"
    ),
    "kind_unknown": Meaning(
        _("There are no posts of the kind “%(kind)s” here."), _("Choose another kind."), "author"
    ),
    "media_ambiguous": Meaning(
        _("This entry gives more than one of a file, a link and a media of the post."),
        _("Give one of them."),
        "author",
    ),
    "media_empty": Meaning(
        _("The file is empty."), _("Choose it again; it may not have been saved completely."), "author"
    ),
    "media_format_unknown": Meaning(
        _("The file is neither a picture nor a film that can be read here, whatever it is named."),
        _("Use JPEG, PNG or WebP for pictures and MP4 for films. Export HEIC photos as JPEG."),
        "author",
    ),
    "media_link_expired": Meaning(
        _("This link to a picture or film has ended."),
        _("Nothing to do; a new one is made when needed."),
        "nobody",
    ),
    "media_link_invalid": Meaning(
        _("This is no link to a picture or film of ours."), _("Check the address."), "author"
    ),
    "media_not_found": Meaning(
        _("The post has no such picture or film any more."), _("Load the post again and repeat."), "author"
    ),
    "media_too_large": Meaning(
        _("The file has %(size)s bytes; %(max)s are the most."),
        _("Make it smaller, or let a picture be converted."),
        "author",
    ),
    "media_too_many_pixels": Meaning(
        _("The picture has more than %(max)s pixels."), _("Scale it down before you add it."), "author"
    ),
    "media_unreadable": Meaning(
        _("The file is damaged or was cut off: it can't be decoded."),
        _("Export or upload it again."),
        "author",
    ),
    "media_url_refused": Meaning(
        _("Nothing is fetched from this address: %(reason)s."),
        _("Give the http or https address of a file on the public internet, or upload the file."),
        "author",
    ),
    "media_url_unreachable": Meaning(
        _("Nothing could be fetched from this address: %(reason)s."),
        _("Check that it leads straight to the file, without a redirect or a login, or upload the file."),
        "author",
    ),
    "options_invalid": Meaning(
        _("These options can't be stored."), _("Send a JSON object of plain values."), "author"
    ),
    "post_already_sent": Meaning(
        _("The post is live, being published, or was published already: it can't be changed or deleted."),
        _("Write a new post; what is live can only be changed on the platform."),
        "author",
    ),
    "post_being_sent": Meaning(
        _("The post is being worked on right now."), _("Try again in a moment."), "author"
    ),
    "post_not_found": Meaning(
        _("There is no such post, or it is not yours."), _("Choose one of your posts."), "author"
    ),
    "reason_missing": Meaning(_("A rejection needs a reason."), _("Say what has to change."), "author"),
    "review_not_possible": Meaning(
        _("This is not possible while the post is “%(review)s”."), _("Load the post again."), "author"
    ),
    "too_many_media": Meaning(
        _("The post has %(count)s pictures and films; %(max)s are the most."), _("Remove some."), "author"
    ),
    "user_tags_invalid": Meaning(
        _("A tag of a person can't be read."),
        _("Give each a “username” and, for pictures, “x” and “y” from 0 to 1."),
        "author",
    ),
    # Pages
    "invalid_time": Meaning(
        _("This is no date and time."), _("Choose a day and a time, without a zone."), "author"
    ),
    "page_role": Meaning(
        _("A Facebook Page that is linked to the account, and your right to publish with it."),
        _("You are asked to choose the Page on the way."),
        "owner",
    ),
    "professional_account": Meaning(
        _("A professional account: business or creator."),
        _("Switching is free: in the app, Settings, Account type and tools."),
        "owner",
    ),
    # What a platform answers, and what it would refuse
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
    "host_refused": Meaning(
        _("The platform named an address that is not its own, so we did not call it."),
        _("Tell the operator."),
        "operator",
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
    "media_count": Meaning(
        _("This kind of post takes another number of pictures or films."),
        _("Add or remove some, or choose another kind of post."),
        "author",
    ),
    "media_kind": Meaning(
        _("This kind of post does not take this kind of media."),
        _("Replace it, or choose another kind of post."),
        "author",
    ),
    "media_format": Meaning(
        _("%(platform)s does not take this file format."),
        _("Use JPEG for pictures, and MP4 or MOV with H.264 for films."),
        "author",
    ),
    "media_url": Meaning(
        _("The file's address has characters that %(platform)s does not take."),
        _("Rename the file."),
        "author",
    ),
    "media_colour": Meaning(
        _("The picture's colours are not sRGB, so they may look different."), _("Convert it."), "author"
    ),
    "media_small": Meaning(
        _("The picture is small (%(width)s pixels wide) and will look blurred."),
        _("Use one that is at least %(min)s pixels wide."),
        "author",
    ),
    "media_too_wide": Meaning(
        _("The film is %(width)s pixels wide; %(max)s are allowed."), _("Export it smaller."), "author"
    ),
    "media_too_short": Meaning(
        _("The film lasts %(seconds)s seconds; at least %(min)s are needed."),
        _("Use a longer one."),
        "author",
    ),
    "media_too_long": Meaning(
        _("The film lasts %(seconds)s seconds; %(max)s are allowed."), _("Cut it."), "author"
    ),
    "aspect_ratio": Meaning(
        _("%(platform)s does not take media of this shape."),
        _("Crop or pad it to between 4:5 and 1.91:1."),
        "author",
    ),
    "aspect_ratio_advised": Meaning(
        _("This shape will not fill the screen."), _("Crop or pad it to 9:16."), "author"
    ),
    "alt_text_too_long": Meaning(
        _("The description has %(length)s characters; %(max)s are allowed."), _("Shorten it."), "author"
    ),
    "alt_text_not_shown": Meaning(
        _("%(platform)s takes no description for this media."), _("Nothing: it is left out."), "nobody"
    ),
    "text_too_long": Meaning(
        _("The text has %(length)s characters; %(max)s are allowed."), _("Shorten it."), "author"
    ),
    "text_near_limit": Meaning(
        _("Counted another way the text has %(length)s characters; %(max)s are allowed."),
        _("Shorten it to be sure."),
        "author",
    ),
    "caption_refused": Meaning(
        _("%(platform)s finds the text too long, or its hashtags or mentions too many."),
        _("Shorten the text."),
        "author",
    ),
    "caption_on_story": Meaning(
        _("A story shows no text."), _("Put the words into the picture, or choose another kind."), "author"
    ),
    "comment_on_story": Meaning(_("A story takes no comments."), _("Remove the first comment."), "author"),
    "comment_long": Meaning(
        _("The comment has %(length)s characters; more than %(max)s may be refused."),
        _("Shorten it."),
        "author",
    ),
    "too_many_hashtags": Meaning(
        _("The text has %(count)s hashtags; %(max)s are allowed."), _("Remove some."), "author"
    ),
    "many_hashtags": Meaning(
        _("The text has %(count)s hashtags; more than %(max)s may be held against it."),
        _("Remove some to be sure."),
        "author",
    ),
    "too_many_mentions": Meaning(
        _("More accounts are mentioned or tagged than %(platform)s allows."), _("Remove some."), "author"
    ),
    "too_many_collaborators": Meaning(
        _("There are %(count)s collaborators; %(max)s are allowed."), _("Remove some."), "author"
    ),
    "user_tag_position": Meaning(
        _("The tag of %(username)s has no place on the picture."), _("Give it one."), "author"
    ),
    "user_tag_not_available": Meaning(
        _("Nobody can be tagged on this media."), _("Remove the tags."), "author"
    ),
    "user_tag_refused": Meaning(
        _("An account that is tagged can't be tagged."), _("Remove its tag."), "author"
    ),
    "product_tag_refused": Meaning(
        _("%(platform)s does not take a product tag of this post."), _("Remove it."), "author"
    ),
    "trial_reel_refused": Meaning(
        _("This account may not publish trial reels."), _("Publish it as an ordinary reel."), "author"
    ),
    "thumb_offset": Meaning(
        _("The moment chosen for the cover is not in the film."), _("Choose another."), "author"
    ),
    "option_unknown": Meaning(
        _("%(platform)s has no choice called “%(option)s”."), _("Remove it."), "author"
    ),
    "option_not_available": Meaning(
        _("“%(option)s” can't be chosen for this kind of post."), _("Remove it."), "author"
    ),
    "option_invalid": Meaning(_("“%(option)s” has no value that can be used."), _("Correct it."), "author"),
}
