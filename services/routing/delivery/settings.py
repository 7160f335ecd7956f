"""What handing leads to the buyer's systems needs from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from services.routing.delivery.secrets_folder import Secrets
from shared.runtime.settings import SettingsError, setting
from shared.webhook.address import Network

_PREFIX = "LEADLINE_RECEIVER_SECRET_"


@dataclass(frozen=True, kw_only=True)
class SystemsSettings:
    """A section of follow-up's settings."""

    #: A file for each secret that a receiver of the catalog names.
    secrets_dir: Path | None = setting("LEADLINE_RECEIVER_SECRETS_DIR", default=None)
    #: Below which CSV files are put.
    folder: Path | None = setting("LEADLINE_DELIVERY_DIR", default=None)
    #: Networks that leads may be posted to besides the open net, such as `10.20.0.0/16, fd00:1::/64`.
    networks_text: str = setting("LEADLINE_RECEIVER_NETWORKS", default="")
    #: Connections to the mail server for ADF and files at once; of their own, so that people's mail never waits.
    smtp_sessions: int = setting("LEADLINE_RECEIVER_SMTP_SESSIONS", default=2, minimum=1, maximum=16)

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks. Raises SettingsError where one is none."""
        try:
            return tuple(ip_network(text.strip()) for text in self.networks_text.split(",") if text.strip())
        except ValueError:
            raise SettingsError(["LEADLINE_RECEIVER_NETWORKS: expected networks such as 10.20.0.0/16"]) from None

    @property
    def secrets(self) -> Secrets:
        """The secrets, by the catalog's names: LEADLINE_RECEIVER_SECRET_CRM_2026 is `crm-2026`."""
        given = {
            name.removeprefix(_PREFIX).lower().replace("_", "-"): value
            for name, value in os.environ.items()
            if name.startswith(_PREFIX)
        }
        return Secrets(self.secrets_dir, given)
