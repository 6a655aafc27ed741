from corkle.provider import Corkle
from corkle.sandbox import CorkleSandbox

from django_connected_accounts.testing import ProviderContract, SandboxRemote


class CorkleRemote(SandboxRemote):
    platform, person, platforms = "corkle", "shop", (CorkleSandbox,)


class TestCorkle(ProviderContract):
    provider_class, remote_class = Corkle, CorkleRemote
