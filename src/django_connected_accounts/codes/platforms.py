"""What platforms answer, and what they would refuse."""

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
    "media_too_tall": Meaning(
        _("The film is %(height)s pixels high; %(max)s are allowed."), _("Export it smaller."), "author"
    ),
    "media_frame_rate": Meaning(
        _("The film has %(frame_rate)s frames a second; between %(min)s and %(max)s are taken."),
        _("Export it at another frame rate."),
        "author",
    ),
    "film_too_small": Meaning(
        _("The film is %(width)s × %(height)s pixels; at least %(min_width)s × %(min_height)s are needed."),
        _("Export it larger."),
        "author",
    ),
    "film_too_large": Meaning(
        _("%(platform)s does not take films with as many bytes."), _("Export it smaller."), "author"
    ),
    "picture_refused": Meaning(
        _("%(platform)s does not take this picture: it is too large, or in another format than it says."),
        _("Use a JPEG or PNG of less than 4 MB."),
        "author",
    ),
    "media_large": Meaning(
        _("The picture has %(size)s bytes; more than %(max)s have been refused at times."),
        _("Convert it to be sure."),
        "author",
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
        _("Crop or pad it: its width divided by its height must be between %(min)s and %(max)s."),
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
    "platform_app_outdated": Meaning(
        _("The app on the owner's phone is too old to take drafts."), _("Update it, then try again."), "owner"
    ),
    "privacy_not_offered": Meaning(
        _("The account no longer offers who should see the post."), _("Choose again."), "author"
    ),
    "app_not_audited": Meaning(
        _(
            "Until %(platform)s has audited this site's app, it takes only posts that nobody else can see, on "
            "private accounts."
        ),
        _("Choose “Only you”, or have the operator apply for the audit."),
        "operator",
    ),
    "branded_content_private": Meaning(
        _("A paid partnership can't be shown to you alone."), _("Choose who else can see it."), "author"
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
    "media_size_refused": Meaning(
        _("%(platform)s does not take media with so many or so few pixels."),
        _("Export it in another size."),
        "author",
    ),
    "publish_cancelled": Meaning(
        _("Publishing was stopped on the platform."), _("Try again if it should go out."), "author"
    ),
    "api_version_ended": Meaning(
        _(
            "%(platform)s no longer answers the version of its API that this site uses. Nothing is lost: posts wait."
        ),
        _("The operator must upgrade django-connected-accounts, or set a newer API_VERSION."),
        "operator",
    ),
    "page_role_missing": Meaning(
        _("This person may not post for the Page."),
        _("Have an administrator of the Page give them a role that may, then connect again."),
        "owner",
    ),
    "comment_too_long": Meaning(
        _("The comment has %(length)s characters; %(max)s are allowed."), _("Shorten it."), "author"
    ),
    "comment_not_available": Meaning(
        _("%(platform)s takes no first comment with this kind of post."), _("Remove it."), "author"
    ),
    "text_missing": Meaning(_("%(platform)s needs a text for this kind of post."), _("Write one."), "author"),
    "text_not_shown": Meaning(
        _("%(platform)s shows no text with this kind of post."), _("Nothing needs to be done."), "author"
    ),
    "too_many_links": Meaning(
        _("The post has %(count)s links; %(max)s are allowed."), _("Remove some."), "author"
    ),
    "many_links": Meaning(
        _("The post has %(count)s links, which some have seen refused."), _("Use fewer."), "author"
    ),
    "link_refused": Meaning(
        _("%(platform)s can't use this link."), _("Check that it opens, or remove it."), "author"
    ),
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
    "option_required": Meaning(
        _("“%(option)s” must be chosen."), _("Choose; nothing is chosen for you."), "author"
    ),
    "option_invalid": Meaning(_("“%(option)s” has no value that can be used."), _("Correct it."), "author"),
}
