"""What the JSON API refuses."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .meaning import Meaning

CODES: Mapping[str, Meaning] = {
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
    "invalid_request": Meaning(
        _("This can't be done as it was asked."), _("Correct it and try again."), "author"
    ),
    "invalid_json": Meaning(
        _("The request's body is not a JSON object."), _("Send one JSON object in UTF-8."), "author"
    ),
    "invalid_page": Meaning(
        _("There is no such page."), _("Give a whole number from 1 to %(most)s."), "author"
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
    "webhook_refused": Meaning(
        _("The message could not be shown to come from the platform."),
        _("The operator should check the app's secret and its verify token."),
        "operator",
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
    "nothing_to_retry": Meaning(
        _("Nothing of this post has failed."), _("There is nothing to do."), "nobody"
    ),
    "nothing_to_cancel": Meaning(
        _("Nothing of this post is still to go out."), _("There is nothing to do."), "nobody"
    ),
    "post_already_scheduled": Meaning(
        _("This post was scheduled or sent already, so it is kept."),
        _("Cancel what has not gone out yet, if that is what you want."),
        "author",
    ),
}
