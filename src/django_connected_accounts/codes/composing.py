"""What is wrong with a post before it is sent."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
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
    "media_missing": Meaning(
        _("A picture or film is missing."),
        _("Add one; in the API, give each entry of “media” a “url”, or send a file for it."),
        "author",
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
    "override_without_account": Meaning(
        _("Something is said for an account that the post is not meant for (%(account)s)."),
        _("Choose that account too, or remove what is said for it alone."),
        "author",
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
    "post_repeats": Meaning(
        _("The post repeats: it is sent and ended as a series."),
        _("Change or end the series; what it has made of the post are posts of their own."),
        "author",
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
    "invalid_time": Meaning(
        _("This is not a date and time we understand."),
        _("Choose a day and a time; in the API, ISO 8601 with an offset, or a local time and its zone."),
        "author",
    ),
}
