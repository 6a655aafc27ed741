"""Publishing by ``django.tasks``: add ``"django_connected_accounts.contrib.tasks"`` to ``INSTALLED_APPS``.

See docs/how-to/run-with-django-tasks.md.
"""
