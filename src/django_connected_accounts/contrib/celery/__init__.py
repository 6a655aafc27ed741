"""Publishing by Celery: add ``"django_connected_accounts.contrib.celery"`` to ``INSTALLED_APPS``.

See docs/how-to/run-with-celery.md.
"""
