"""What platforms would refuse of a post, or not show."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
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
    "media_codec": Meaning(
        _("%(platform)s does not take films encoded as %(codec)s."),
        _("Export it as one of: %(codecs)s."),
        "author",
    ),
    "media_frame_rate": Meaning(
        _("The film has %(frame_rate)s frames a second; between %(min)s and %(max)s are taken."),
        _("Export it at another frame rate."),
        "author",
    ),
    "film_too_small": Meaning(
        _("The film is %(width)s by %(height)s pixels; at least %(min_width)s by %(min_height)s are needed."),
        _("Export it larger."),
        "author",
    ),
    "film_too_large": Meaning(
        _("%(platform)s does not take films with as many bytes."), _("Export it smaller."), "author"
    ),
    "pages_not_checked": Meaning(
        _("%(platform)s takes documents of up to %(max)s pages; how many this one has was not checked."),
        _("Look that it has no more."),
        "author",
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
    "privacy_not_offered": Meaning(
        _("The account no longer offers who should see the post."), _("Choose again."), "author"
    ),
    "branded_content_private": Meaning(
        _("A paid partnership can't be shown to you alone."), _("Choose who else can see it."), "author"
    ),
    "media_size_refused": Meaning(
        _("%(platform)s does not take media with so many or so few pixels."),
        _("Export it in another size."),
        "author",
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
