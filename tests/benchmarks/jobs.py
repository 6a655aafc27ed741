"""A trivial job for ``django.tasks``, of Django itself or of its backport."""

try:
    from django.tasks import task
except ImportError:
    from django_tasks import task


@task
def trivial() -> None:
    pass
