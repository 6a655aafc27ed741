"""The pages where a person allows an app: Facebook's dialog and Instagram's authorize page.

Follows the Instagram Platform contract of 2026-11-22, section 1. No passwords and no sessions: whoever opens
the page picks who they are. A form names its request by a hidden id, kept in the world. Not done:
``response_type`` other than ``code``, ``config_id``, OIDC, "all current and future Pages".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseRedirectBase

from .people import Person
from .records import App, Code, ConsentRequest, Grant, Login
from .rendering import page
from .routing import Answer, Call, Refusal, Route, Unknown
from .tokens import all_targets
from .world import World

SCOPES: Final[Mapping[Login, Mapping[str, str]]] = {
    "facebook": {
        "public_profile": "Your name",
        "email": "Your e-mail address",
        "pages_show_list": "A list of the Pages you manage",
        "pages_read_engagement": "Read content posted on your Pages",
        "pages_manage_posts": "Create and manage content on your Pages",
        "pages_manage_engagement": "Comment on your Pages' posts",
        "pages_manage_metadata": "Manage your Pages' settings",
        "pages_read_user_content": "Read what people post on your Pages",
        "read_insights": "Read your Pages' insights",
        "business_management": "Manage your business portfolios",
        "ads_management": "Manage your ads",
        "ads_read": "Read your ads",
        "instagram_basic": "Read your Instagram accounts' profile and media",
        "instagram_content_publish": "Publish to your Instagram accounts",
        "instagram_manage_comments": "Manage comments on your Instagram accounts",
        "instagram_manage_insights": "Read your Instagram accounts' insights",
        "instagram_manage_contents": "Delete media of your Instagram accounts",
    },
    "instagram": {
        "instagram_business_basic": "Read your profile and media",
        "instagram_business_content_publish": "Publish to your account",
        "instagram_business_manage_comments": "Manage comments",
        "instagram_business_manage_messages": "Manage messages",
        "instagram_business_manage_insights": "Read insights",
    },
}
MANDATORY: Final = {"facebook": {"public_profile"}, "instagram": {"instagram_business_basic"}}
PARAMS: Final = {
    "facebook": {
        "client_id", "redirect_uri", "state", "scope", "response_type", "auth_type", "auth_nonce", "display",
    },
    "instagram": {
        "client_id", "redirect_uri", "state", "scope", "response_type", "force_reauth", "enable_fb_login",
        "force_authentication",
    },
}  # fmt: skip
FRAGMENT: Final = {"facebook": "#_=_", "instagram": "#_"}
DENIAL: Final[Mapping[Login, Mapping[str, str]]] = {
    "facebook": {
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
    },
    "instagram": {
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request",
    },
}
LOOPBACK: Final = {"localhost", "127.0.0.1", "::1", "testserver"}


class Blocked(Refusal):
    """The platform's own error page: the browser is not sent back."""

    def __init__(self, title: str, reason: str) -> None:
        super().__init__(title)
        self.title = title
        self.reason = reason

    def respond(self, call: Call) -> HttpResponse:
        return page("blocked.html", status=400, title=self.title, reason=self.reason)


def facebook(call: Call, version: str) -> Answer:
    """The dialog: who are you? With ``as`` in the query, straight to what the app asks for."""
    call.accept(PARAMS["facebook"] | {"as"})
    return _show(call, _begin(call.world, "facebook", call.params), call.text("as"))


def instagram(call: Call) -> Answer:
    """The authorize page, likewise."""
    call.accept(PARAMS["instagram"] | {"as"})
    if not SCOPES["instagram"].keys() >= set(_names(call.params)):
        return JsonResponse(
            {"message": "Business and user permissions are mutually exclusive", "status": "fail"}
        )
    return _show(call, _begin(call.world, "instagram", call.params), call.text("as"))


def submit(call: Call) -> Answer:
    """What a consent form sends: who (``as``), then a ``decision`` with the boxes left ticked.

    Without the hidden ``shown`` everything offered counts as ticked: a script need not know the boxes.
    """
    request = call.world.consents.get(call.text("request"))
    if request is None or request.answered:
        raise Blocked(
            "This page has expired", "It was answered already, or the sandbox was reset. Begin again."
        )
    if not call.text("decision"):
        return _show(call, request, call.text("as"))
    form = call.request.POST
    shown = bool(form.get("shown"))
    return decide(
        call.world,
        request,
        call.text("as"),
        allow=call.text("decision") == "allow",
        scopes=form.getlist("scope") if shown else None,
        targets=form.getlist("asset") if shown else None,
    )


def visit(
    world: World,
    url: str,
    person_key: str,
    *,
    allow: bool = True,
    decline: Collection[str] = (),
    targets: Iterable[str] | None = None,
) -> str:
    """Return the address the browser is sent back to, from an authorization URL, without any page between.

    Raise `Blocked` where the platform shows a page of its own instead.
    """
    parts = urlsplit(url)
    login: Login = "facebook" if parts.path.endswith("/dialog/oauth") else "instagram"
    with world.lock:
        request = _begin(world, login, dict(parse_qsl(parts.query)))
        scopes = [scope for scope in request.scopes if scope not in decline]
        return decide(world, request, person_key, allow=allow, scopes=scopes, targets=targets).url


def decide(
    world: World,
    request: ConsentRequest,
    person_key: str,
    *,
    allow: bool,
    scopes: Iterable[str] | None = None,
    targets: Iterable[str] | None = None,
) -> HttpResponseRedirectBase:
    """Answer a consent request and return the redirect to the app; None ticks everything offered."""
    if not allow:
        request.answered = True
        return _redirect(request, DENIAL[request.login])
    person = _person(world, request, person_key)
    request.answered = True
    if world.toggles.developer_mode == "redirect":
        return _redirect(
            request, {"error": "access_denied", "error_description": "Insufficient Developer Role"}
        )
    grant = world.grants.setdefault((request.client_id, person.key), Grant())
    offered = _offered(request, grant)
    ticked = set(offered) if scopes is None else set(scopes) & set(offered)
    ticked |= MANDATORY[request.login]
    grant.granted = (grant.granted - set(offered)) | ticked
    grant.declined = (grant.declined | set(offered)) - grant.granted
    possible = all_targets(person)
    grant.targets = possible if targets is None else _with_accounts(person, set(targets))
    code = Code(
        value=world.new_word("code", prefix="AQ", length=180),
        client_id=request.client_id,
        person=person.key,
        redirect_uri=request.redirect_uri,
        expires_at=world.now() + world.token_lifetimes["code"],
    )
    world.codes[code.value] = code
    return _redirect(request, {"code": code.value})


def _begin(world: World, login: Login, params: Mapping[str, Any]) -> ConsentRequest:
    app, redirect_uri = world.apps.get(str(params.get("client_id"))), str(params.get("redirect_uri", ""))
    if app is None or app.login != login:
        raise Blocked("Invalid app ID", f"No {login} app of this sandbox has the client_id you sent.")
    if not _allowed(app, redirect_uri):
        raise Blocked(
            "URL blocked", "This redirect failed because the redirect URI is not white-listed for the app."
        )
    response_type = params.get("response_type", "code")
    if response_type != "code":
        raise Unknown(f"response_type {response_type!r}", status=400)
    scopes = _names(params)
    if unknown := [scope for scope in scopes if scope not in SCOPES[login]]:
        raise Blocked("Invalid scopes", f"Invalid Scopes: {', '.join(unknown)}")
    if login == "instagram" and not MANDATORY[login] <= set(scopes):
        raise Blocked("Invalid scopes", "instagram_business_basic is required.")
    request = ConsentRequest(
        id=world.new_word("consent"),
        login=login,
        client_id=app.client_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=params.get("state"),
        rerequest=login == "instagram" or "rerequest" in str(params.get("auth_type", "")).split(","),
    )
    world.consents[request.id] = request
    return request


def _names(params: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(params.get("scope", "")).replace(",", " ").split()))


def _show(call: Call, request: ConsentRequest, person_key: str) -> HttpResponse:
    world, app = call.world, call.world.apps[request.client_id]
    context: dict[str, Any] = {"request_id": request.id, "app": app, "login": request.login}
    if not person_key:
        people = [person for person in world.people.values() if _can_log_in(person, request.login)]
        return page("who.html", people=people, **context)
    person = _person(world, request, person_key)
    grant = world.grants.get((app.client_id, person.key), Grant())
    scopes = [
        {"name": name, "about": SCOPES[request.login][name], "mandatory": name in MANDATORY[request.login]}
        for name in _offered(request, grant)
    ]
    pages = person.pages if request.login == "facebook" else ()
    return page("allow.html", person=person, scopes=scopes, pages=pages, **context)


def _offered(request: ConsentRequest, grant: Grant) -> list[str]:
    """Return what is asked for on this visit: what was declined before only when it is asked for again."""
    return [scope for scope in request.scopes if request.rerequest or scope not in grant.declined]


def _person(world: World, request: ConsentRequest, key: str) -> Person:
    """Return the person of this key, unless the platform turns them away."""
    person = world.people.get(key)
    if person is None or not _can_log_in(person, request.login):
        raise Unknown(f"person {key!r} on {request.login}", status=400)
    if world.toggles.developer_mode == "page":
        raise Blocked(
            "Insufficient Developer Role", "The app is in development and this account is not its tester."
        )
    account, at_consent = person.instagram, world.toggles.personal_refused_at == "consent"
    if request.login == "instagram" and at_consent and account and not account.professional:
        raise Blocked(
            "Switch to a professional account", "Only business and creator accounts can be connected."
        )
    return person


def _can_log_in(person: Person, login: Login) -> bool:
    return person.on_facebook if login == "facebook" else person.instagram is not None


def _with_accounts(person: Person, ticked: set[str]) -> set[str]:
    linked = {page.instagram.id for page in person.pages if page.instagram and page.id in ticked}
    return (ticked | linked) & all_targets(person)


def _allowed(app: App, redirect_uri: str) -> bool:
    parts = urlsplit(redirect_uri)
    return redirect_uri in app.redirect_uris or (
        app.loopback and parts.scheme == "http" and parts.hostname in LOOPBACK and not parts.fragment
    )


def _redirect(request: ConsentRequest, answer: Mapping[str, str]) -> HttpResponseRedirectBase:
    query = dict(answer) if request.state is None else {**answer, "state": request.state}
    mark = "&" if "?" in request.redirect_uri else "?"
    return HttpResponseRedirect(request.redirect_uri + mark + urlencode(query) + FRAGMENT[request.login])


ROUTES: Final = (
    Route("www.facebook.com", "GET", r"(?:/(v\d+\.\d+))?/dialog/oauth/?", facebook),
    Route("www.facebook.com", "POST", "/_consent", submit),
    Route("www.instagram.com", "GET", "/oauth/authorize/?", instagram),
    Route("api.instagram.com", "GET", "/oauth/authorize/?", instagram),
    Route("www.instagram.com", "POST", "/_consent", submit),
)
