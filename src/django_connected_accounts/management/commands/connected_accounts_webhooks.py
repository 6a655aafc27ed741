from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import WebhookEndpoint
from django_connected_accounts.services import endpoints, telling


class Command(BaseCommand):
    help = "List the webhook endpoints, or --add, --test, --replay, --rotate, --start and --remove one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_mutually_exclusive_group()
        verbs.add_argument("--add", metavar="URL", help="Have this address told, and print its secret.")
        verbs.add_argument("--test", metavar="ID", type=UUID, help="Send it a webhook.test now.")
        verbs.add_argument(
            "--replay", metavar="ID", type=UUID, help="Tell it once more what it did not take."
        )
        verbs.add_argument("--rotate", metavar="ID", type=UUID, help="Give it a new secret, and print that.")
        verbs.add_argument("--start", metavar="ID", type=UUID, help="Tell it again after it was stopped.")
        verbs.add_argument("--remove", metavar="ID", type=UUID, help="Tell it nothing more, and forget it.")
        parser.add_argument(
            "--types", default="", help='With --add: "publication.*,account.health"; all if not.'
        )
        parser.add_argument("--user", help="With --add: only what this user may see.")
        parser.add_argument(
            "--since", type=_moment, help="With --replay: from when on; three days ago if not."
        )
        parser.add_argument("--until", type=_moment, help="With --replay: until when.")
        parser.add_argument("--all", action="store_true", help="With --replay: what it took, too.")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.do(**options)
        except InvalidRequest as error:
            meaning = explain(error.code, error.params)
            raise CommandError(f"{meaning.cause} {meaning.action}") from error

    def do(self, **options: Any) -> None:
        if url := options["add"]:
            types = [name.strip() for name in options["types"].split(",") if name.strip()]
            endpoint = endpoints.add(url, types=types, user=_user(options["user"]))
            self.stdout.write(f"{endpoint.pk}  {endpoint.url}")
            self.stdout.write(f"secret  {endpoint.secret}")
        elif pk := options["test"]:
            delivery = endpoints.try_out(_endpoint(pk))
            if not telling.deliver(delivery):
                raise CommandError(f"It was not taken: {delivery.error}. It is tried again like any other.")
            self.stdout.write(f"It was taken with status {delivery.status} after {delivery.seconds} s.")
        elif pk := options["replay"]:
            since = options["since"] or timezone.now() - timedelta(days=3)
            until, everything = options["until"], options["all"]
            told = endpoints.replay(_endpoint(pk), since=since, until=until, everything=everything)
            self.stdout.write(f"{told} events are told once more, by whoever publishes.")
        elif pk := options["rotate"]:
            endpoint = _endpoint(pk)
            endpoints.rotate(endpoint)
            self.stdout.write(f"secret  {endpoint.secret}")
            self.stdout.write("For a day the one before signs too.")
        elif pk := options["start"]:
            endpoints.switch_on(_endpoint(pk))
            self.stdout.write("It is told again. --replay tells what it missed.")
        elif pk := options["remove"]:
            _endpoint(pk).delete()
            self.stdout.write("It is told nothing more.")
        else:
            self.show()

    def show(self) -> None:
        for endpoint in WebhookEndpoint.objects.select_related("user"):
            whose = endpoint.user or "everybody"
            types = ", ".join(endpoint.types) or "everything"
            waiting = endpoint.deliveries.filter(state=endpoints.State.WAITING).count()
            self.stdout.write(f"{endpoint.pk}  {endpoint.url}")
            self.stdout.write(f"    {types} of {whose}; {waiting} waiting; {_state(endpoint)}")


def _state(endpoint: WebhookEndpoint) -> str:
    if endpoint.stopped_at:
        return f"STOPPED since {endpoint.stopped_at:%Y-%m-%d %H:%M}Z"
    if endpoint.failing_since:
        return f"failing since {endpoint.failing_since:%Y-%m-%d %H:%M}Z"
    return "well"


def _endpoint(pk: UUID) -> WebhookEndpoint:
    found = WebhookEndpoint.objects.select_related("user").filter(pk=pk).first()
    if found is None:
        raise CommandError(f"There is no webhook endpoint {pk}.")
    return found


def _user(name: str | None) -> Any:
    if name is None:
        return None
    model = get_user_model()
    try:
        return model._default_manager.get_by_natural_key(name)
    except model.DoesNotExist as error:
        raise CommandError(f"There is no user {name}.") from error


def _moment(text: str) -> datetime:
    """Return a time; a day is its beginning, and what names no offset is in the project's zone."""
    day = parse_date(text) if len(text) == 10 else None
    moment = datetime.combine(day, time()) if day else parse_datetime(text)
    if moment is None:
        raise ValueError
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
