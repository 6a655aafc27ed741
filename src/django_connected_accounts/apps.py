from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from . import conf  # noqa: F401  the defaults are there before models ask for them


class ConnectedAccountsConfig(AppConfig):
    name = "django_connected_accounts"
    label = "connected_accounts"
    verbose_name = _("Connected accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401
        from .services import (
            alarm,  # noqa: F401  it sees to it that somebody notices when nobody publishes
            revoking,  # noqa: F401  it ends the grants of deleted accounts
            storing,  # noqa: F401  it deletes the files of deleted media
        )
