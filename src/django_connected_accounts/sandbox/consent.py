"""The pages where a person allows an app.

No passwords and no sessions: whoever opens the page picks who they are. A form names its request by a hidden
id, kept in the world. Not done: ``response_type`` other than ``code``, ``config_id``, OIDC, "all current and
future Pages".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseRedirectBase

from .logins import FACEBOOK, INSTAGRAM, Login
from .people import Person
from .platform import Platform
from .records import App, Code, ConsentRequest, Grant
from .rendering import page
from .routing import Answer, Call, Refusal, Route, Unknown
from .tokens import all_targets
from .world import World

LOOPBACK: Final = {"localhost", "127.0.0.1", "::1", "testserver"}


class Blocked(Refusal):
    """The platform's own error page: the browser is not sent back."""

    def __init__(self, title: str, reason: str) -> None:
        super().__init__(title)
        self.title = title
        self.reason = reason

    def respond(self, call: Call) -> HttpResponse:
        return page("blocked.html", status=400, title=self.title, reason=self.reason)


class SentBack(Refusal):
    """The app is told at once, without anybody having been asked."""

    def __init__(self, location: HttpResponseRedirectBase) -> None:
        super().__init__(location.url)
        self.location = location

    def respond(self, call: Call) -> HttpResponse:
        return self.location


def ask(call: Call, *version: str) -> Answer:
    """The consent page: who are you? With ``as`` in the query, straight to what the app asks for."""
    login = _shown_at(call.world, f"https://{call.host}{call.path}")
    call.accept(login.params | {"as"})
    if login is INSTAGRAM and not login.scopes.keys() >= set(_names(call.params)):
        return JsonResponse(
            {"message": "Business and user permissions are mutually exclusive", "status": "fail"}
        )
    return _show(call, _begin(call.world, login, call.params), call.text("as"))


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
    login = _shown_at(world, url)
    with world.lock:
        try:
            request = _begin(world, login, dict(parse_qsl(urlsplit(url).query)))
        except SentBack as refusal:
            return refusal.location.url
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
    login = request.login
    if not allow:
        request.answered = True
        return _redirect(request, login.denial)
    person = _person(world, request, person_key)
    request.answered = True
    if world.toggles.developer_mode == "redirect":
        return _redirect(
            request, {"error": "access_denied", "error_description": "Insufficient Developer Role"}
        )
    grant = world.grants.setdefault((request.client_id, person.key), Grant())
    offered = _offered(request, grant)
    ticked = set(offered) if scopes is None or not login.choosable else set(scopes) & set(offered)
    ticked |= login.mandatory
    grant.granted = (grant.granted - set(offered)) | ticked
    grant.declined = (grant.declined | set(offered)) - grant.granted
    grant.targets = _targets(world, login, person, targets)
    allowed = grant.granted & set(request.scopes) | login.mandatory
    code = Code(
        value=world.new_word("code", prefix=login.code_prefix, length=login.code_length),
        client_id=request.client_id,
        person=person.key,
        redirect_uri=request.redirect_uri,
        expires_at=world.now() + world.token_lifetimes.get(f"{login.id}_code", world.token_lifetimes["code"]),
        scopes=frozenset(allowed),
        challenge=request.challenge,
    )
    world.codes[code.value] = code
    answer = {"code": code.value}
    if login.names_scopes:
        answer["scopes"] = ",".join(sorted(allowed))
    return _redirect(request, answer)


def _begin(world: World, login: Login, params: Mapping[str, Any]) -> ConsentRequest:
    name = login.client_id_name
    app, redirect_uri = world.apps.get(str(params.get(name))), str(params.get("redirect_uri", ""))
    if app is None or app.login != login.id:
        raise Blocked("Invalid app ID", f"No {login.id} app of this sandbox has the {name} you sent.")
    if not _allowed(app, redirect_uri):
        raise Blocked(
            "URL blocked", "This redirect failed because the redirect URI is not white-listed for the app."
        )
    response_type = params.get("response_type", "code")
    if response_type != "code":
        raise Unknown(f"response_type {response_type!r}", status=400)
    challenge = str(params.get("code_challenge", ""))
    if login.pkce and not (challenge and params.get("code_challenge_method") == "S256"):
        raise Blocked("Something went wrong", "code_challenge and code_challenge_method=S256 are required.")
    request = ConsentRequest(
        id=world.new_word("consent"),
        login=login,
        client_id=app.client_id,
        redirect_uri=redirect_uri,
        scopes=_names(params),
        state=params.get("state"),
        rerequest=login.asks_again or "rerequest" in str(params.get("auth_type", "")).split(","),
        challenge=challenge,
    )
    if unknown := [scope for scope in request.scopes if scope not in login.scopes]:
        if login.unknown_scope:
            raise SentBack(_redirect(request, login.unknown_scope))
        raise Blocked("Invalid scopes", f"Invalid Scopes: {', '.join(unknown)}")
    if login is INSTAGRAM and not login.mandatory <= set(request.scopes):
        raise Blocked("Invalid scopes", "instagram_business_basic is required.")
    world.consents[request.id] = request
    return request


def _names(params: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(params.get("scope", "")).replace(",", " ").split()))


def _show(call: Call, request: ConsentRequest, person_key: str) -> HttpResponse:
    world, app, login = call.world, call.world.apps[request.client_id], request.login
    context: dict[str, Any] = {"request_id": request.id, "app": app, "login": login}
    if not person_key:
        people = [person for person in world.people.values() if _can_log_in(world, person, login)]
        return page("who.html", people=people, **context)
    person = _person(world, request, person_key)
    grant = world.grants.get((app.client_id, person.key), Grant())
    scopes = [
        {
            "name": name,
            "about": login.scopes[name],
            "mandatory": name in login.mandatory or not login.choosable,
        }
        for name in _offered(request, grant)
    ]
    platform = world.platforms.get(login.id)
    pages = person.pages if login is FACEBOOK else ()
    assets = platform.assets(person) if platform else {}
    return page(
        "allow.html",
        person=person,
        handle=_handle(world, person, login),
        scopes=scopes,
        pages=pages,
        assets=assets,
        **context,
    )


def _handle(world: World, person: Person, login: Login) -> str:
    if login is INSTAGRAM and person.instagram:
        return person.instagram.username
    platform = world.platforms.get(login.id)
    return platform.members[person.key].username if platform else ""


def _offered(request: ConsentRequest, grant: Grant) -> list[str]:
    """Return what is asked for on this visit: what was declined before only when it is asked for again."""
    return [scope for scope in request.scopes if request.rerequest or scope not in grant.declined]


def _person(world: World, request: ConsentRequest, key: str) -> Person:
    """Return the person of this key, unless the platform turns them away."""
    person = world.people.get(key)
    if person is None or not _can_log_in(world, person, request.login):
        raise Unknown(f"person {key!r} on {request.login.id}", status=400)
    if world.toggles.developer_mode == "page":
        raise Blocked(
            "Insufficient Developer Role", "The app is in development and this account is not its tester."
        )
    account, at_consent = person.instagram, world.toggles.personal_refused_at == "consent"
    if request.login is INSTAGRAM and at_consent and account and not account.professional:
        raise Blocked(
            "Switch to a professional account", "Only business and creator accounts can be connected."
        )
    return person


def _can_log_in(world: World, person: Person, login: Login) -> bool:
    if login.id in world.platforms:
        return person.key in world.platforms[login.id].members
    return person.on_facebook if login is FACEBOOK else person.instagram is not None


def _targets(world: World, login: Login, person: Person, ticked: Iterable[str] | None) -> set[str]:
    if platform := world.platforms.get(login.id):
        possible = set(platform.assets(person))
        return possible if ticked is None else possible & set(ticked)
    return all_targets(person) if ticked is None else _with_accounts(person, set(ticked))


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
    return HttpResponseRedirect(request.redirect_uri + mark + urlencode(query) + request.login.fragment)


def _shown_at(world: World, url: str) -> Login:
    return next(login for login in _logins(world.platform_classes) if login.shows(url))


def _logins(platforms: Iterable[type[Platform]]) -> Collection[Login]:
    logins = (FACEBOOK, INSTAGRAM, *(platform.login for platform in platforms))
    return {login.id: login for login in logins}.values()


def routes(platforms: Iterable[type[Platform]]) -> Iterator[Route]:
    """Yield the consent pages of Meta's logins and of these platforms."""
    for login in _logins(platforms):
        for host, pattern in login.pages:
            yield Route(host, "GET", pattern, ask)
        yield Route(login.host, "POST", f"/_consent/{login.id}", submit)
