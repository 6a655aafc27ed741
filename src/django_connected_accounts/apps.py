from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConnectedAccountsConfig(AppConfig):
    name = "django_connected_accounts"
    label = "connected_accounts"
    verbose_name = _("Connected accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, conf  # noqa: F401
