"""What differs on accounts where a post is not out yet, while it is live on others."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.exceptions import ConnectedAccountsError
from django_connected_accounts.forms import DifferingForm
from django_connected_accounts.models import ConnectedAccount, Post
from django_connected_accounts.services import composing

from .composer import differing_forms, kept_schedule, refuse, said
from .page import Page
from .picking import connected


class Differ(Page):
    """Change a post for accounts where nothing of it is out; what is out stays as it is."""

    template_name = "connected_accounts/differ.html"
    section = "posts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        return self.show(post=post, differing=self.forms(post), out=self.out(post))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        differing = self.forms(post, request.POST, request.FILES)
        bound = [form for form in differing if form.is_bound]
        valid = [form.is_valid() for form in bound]
        if all(valid):
            try:
                own = said(bound, [form.account.pk for form in bound])
                composing.edit(post, by=request.user, overrides=own)
                self.done(kept_schedule(request, post) or _("Saved."))
            except ConnectedAccountsError as error:
                refuse(error, None, differing)
                self.refused(error)
            else:
                return redirect("connected_accounts:post", pk=pk)
        return self.show(post=post, differing=differing, out=self.out(post), status=400)

    def forms(self, post: Post, *given: object) -> list[DifferingForm]:
        waiting = post.publications.filter(status__in=composing.EDITABLE).values("account")
        accounts = list(connected(self.request).filter(pk__in=waiting).filter(posts=post))
        return differing_forms(post, accounts, [account.pk for account in accounts], *given)

    def out(self, post: Post) -> list[ConnectedAccount]:
        """Return the accounts where it is out, or may be."""
        there = post.publications.exclude(status__in=composing.EDITABLE).values("account")
        return list(connected(self.request).filter(pk__in=there))
