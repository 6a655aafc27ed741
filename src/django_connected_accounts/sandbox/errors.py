"""Meta's error envelopes, to the letter: Instagram Platform contract of 2026-11-22, sections 2.3, 2.6 and 7.

Clients must never match on these texts; ``world.toggles.locale`` puts the user-facing ones in another
language.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.http import JsonResponse

from .routing import Call, Refusal


class Text(NamedTuple):
    """What the platform writes beside a code: message, then title and sentence for the user."""

    message: str
    title: str = ""
    sentence: str = ""


TEXTS: Final[dict[tuple[int, int | None], Text]] = {
    (-2, 2207003): Text("Timeout", "Timeout", "It takes too long to download the media."),
    (-2, 2207020): Text("Media expired", "Media expired", "The media you are trying to access has expired."),
    (-1, 2207001): Text("Instagram server error", "Server error", "Instagram server error. Try again."),
    (-1, 2207032): Text("Create media fail", "Failed to create media", "Please try to re-create the media."),
    (1, None): Text("An unknown error occurred"),
    (1, 2207057): Text(
        "Invalid thumbnail offset", "Invalid thumbnail offset", "Thumbnail offset is out of range."
    ),
    (2, None): Text("Service temporarily unavailable"),
    (4, None): Text("(#4) Application request limit reached"),
    (4, 2207051): Text(
        "Application request limit reached",
        "action is blocked",
        "We restrict certain activity to protect our community. Tell us if you think we made a mistake.",
    ),
    (9, 2207042): Text(
        "Application request limit reached",
        "Maximum number of posts reached",
        "You reached the maximum number of posts that can be published by the Content Publishing API.",
    ),
    (10, None): Text("(#10) Application does not have permission for this action"),
    (17, None): Text("(#17) User request limit reached"),
    (24, 2207006): Text("Media not found", "Media not found", "The media with this id cannot be found."),
    (24, 2207008): Text(
        "The requested resource does not exist",
        "Media builder not found",
        "The media builder with creation id does not exist or has been expired.",
    ),
    (25, 2207050): Text(
        "User account restricted",
        "Account restricted",
        "The Instagram account is inactive, checkpointed, or restricted.",
    ),
    (32, None): Text("(#32) Page request limit reached"),
    (100, 2207023): Text("Unknown media type", "Unknown media type", "The media type is unknown."),
    (100, 2207028): Text(
        "Carousel is invalid", "Carousel is invalid", "The carousel needs between 2 and 10 photos or videos."
    ),
    (100, 2207040): Text("Too many tags", "Cannot use more than 20 tags", "Cannot use more than 20 @ tags."),
    (100, 36007): Text("This authorization code has expired."),
    (100, 36008): Text(
        "Error validating verification code. Please make sure your redirect_uri is identical to the one you "
        "used in the OAuth dialog request"
    ),
    (100, 36009): Text("This authorization code has been used."),
    (110, 2207018): Text("Invalid user id", "Invalid user", "This user cannot be tagged."),
    (190, None): Text("Invalid OAuth access token - Cannot parse access token"),
    (190, 458): Text("Error validating access token: The user has not authorized application 123."),
    (190, 459): Text(
        "Error validating access token: You cannot access the app till you log in to www.facebook.com and "
        "follow the instructions given: the user has been checkpointed."
    ),
    (190, 460): Text(
        "Error validating access token: The session has been invalidated because the user changed their "
        "password or Facebook has changed the session for security reasons."
    ),
    (190, 464): Text(
        "Error validating access token: Sessions for the user are not allowed because the user is not a "
        "confirmed user."
    ),
    (190, 467): Text("Error validating access token: The session is invalid because the user logged out."),
    (190, 492): Text("Error validating access token: The user no longer has a role on this Page."),
    (200, None): Text("(#200) Permissions error"),
    (352, 2207026): Text(
        "Unsupported video format",
        "The video format is not supported",
        "The video format is not supported. Please check spec for supported format.",
    ),
    (9004, 2207052): Text(
        "Only photo or video can be accepted as media type.",
        "Media download has failed. The media URI doesn't meet our requirements.",
        "The media could not be fetched from this URI.",
    ),
    (9007, 2207027): Text(
        "Media ID is not available",
        "Cannot publish",
        "The media is not ready to be published. Please wait a moment.",
    ),
    (36000, 2207004): Text(
        "The image size is too large.",
        "Image size too large",
        "The image is too large to download. It should be less than 8 MiB.",
    ),
    (36001, 2207005): Text(
        "The image format is not supported.",
        "Image format not supported",
        "The image format is not supported.",
    ),
    (36003, 2207009): Text(
        "The aspect ratio is not supported.",
        "Invalid aspect ratio",
        "The submitted image cannot be published. Please submit an image with a valid aspect ratio.",
    ),
    (36004, 2207010): Text("The caption is too long.", "Caption too long", "The caption was too long."),
    (80002, None): Text(
        "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again. For "
        "more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
    ),
}
ELSEWHERE: Final = Text(
    "", "Algo salió mal", "No se puede completar esta acción. Vuelve a intentarlo más tarde."
)


class GraphError(Refusal):
    """Graph's envelope for a code; the texts come from the table unless given."""

    def __init__(
        self,
        code: int,
        subcode: int | None = None,
        *,
        message: str = "",
        sentence: str = "",
        kind: str = "OAuthException",
        status: int = 400,
        data: Any = None,
    ) -> None:
        super().__init__(code, subcode)
        self.code = code
        self.subcode = subcode
        self.text = (
            TEXTS.get((code, subcode)) or TEXTS.get((code, None)) or Text(f"(#{code}) An error occurred")
        )
        self.sentence = sentence or self.text.sentence
        self.message = message or self.text.message
        self.kind = kind
        self.status = status
        self.data = data

    def respond(self, call: Call) -> JsonResponse:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.data is not None:
            error["error_data"] = self.data
        if self.text.title:
            error["is_transient"] = False
            if call.world.toggles.locale.startswith("en"):
                error |= {"error_user_title": self.text.title, "error_user_msg": self.sentence}
            else:
                error |= {"error_user_title": ELSEWHERE.title, "error_user_msg": ELSEWHERE.sentence}
        error["fbtrace_id"] = call.world.new_word("trace", prefix="A", length=23)
        return JsonResponse({"error": error}, status=self.status)


class FlatError(Refusal):
    """The flat answer of Instagram Login's code exchange."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    def respond(self, call: Call) -> JsonResponse:
        body = {"error_type": "OAuthException", "code": self.status, "error_message": self.message}
        return JsonResponse(body, status=self.status)
