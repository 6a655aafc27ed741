"""Posts made from posts."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from django_connected_accounts.models import Post

from . import events, reviewing


def copy(post: Post, *, by: Any) -> Post:
    """Return a new draft with the same content, for the same accounts, overrides included.

    It hashes as its original does (`reviewing.content_hash`), and shares its files: each is deleted with the
    last media that has it. Who is None, the app itself, makes it for the author of the original.
    """
    with transaction.atomic():
        reviewing.may_change(post, by)
        reviewing.lock(post)
        same = ("kind", "text", "first_comment", "options")
        made = Post.objects.create(user=by or post.user, **{name: getattr(post, name) for name in same})
        made.accounts.set(post.accounts.all())
        ids = {}
        for media in post.media.all():
            before, renditions = str(media.pk), list(media.renditions.all()) if media.fit else []
            media.pk, media.post = uuid.uuid4(), made
            media.save(force_insert=True)
            for rendition in renditions:
                rendition.pk, rendition.media = uuid.uuid4(), media
                rendition.save(force_insert=True)
            ids[before] = str(media.pk)
        made.overrides = {
            account: {**own, "media": [ids[key] for key in own["media"]]} if "media" in own else own
            for account, own in post.overrides.items()
        }
        made.save(update_fields=["overrides"])
        events.record("post.created", actor=by, post=made, data={"kind": made.kind, "copy_of": str(post.pk)})
    return made
