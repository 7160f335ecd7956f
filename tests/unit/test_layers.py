from __future__ import annotations

from typing import Any

import pytest

from shared.rpc import layers as layers_module
from shared.rpc.errors import Overloaded
from shared.rpc.layers import LAYERS, Context, Handler, InFlight, Layer, compose, layers
from shared.telemetry.metrics import Metrics


def test_the_order_of_the_layers_is_fixed() -> None:
    assert LAYERS == ("telemetry", "errors", "limit", "deadline")
    assert set(layers(InFlight(1, Metrics()), Metrics())) == set(LAYERS)


async def test_layers_are_entered_in_their_order_and_left_in_reverse() -> None:
    seen: list[str] = []

    def noting(name: str) -> Layer:
        def layer(method: str, handler: Handler) -> Handler:
            async def noted(request: Any, context: Context) -> Any:
                seen.append(f"in {name} {method}")
                result = await handler(request, context)
                seen.append(f"out {name}")
                return result

            return noted

        return layer

    async def handler(request: Any, context: Context) -> Any:
        seen.append("handler")

    await compose("p.S/M", handler, {name: noting(name) for name in LAYERS})(None, None)  # type: ignore[arg-type]
    assert seen == [*(f"in {name} p.S/M" for name in LAYERS), "handler", *(f"out {name}" for name in reversed(LAYERS))]


def test_a_full_house_refuses_and_a_leaver_makes_room() -> None:
    in_flight = InFlight(2, Metrics())
    in_flight.enter()
    in_flight.enter()
    with pytest.raises(Overloaded):
        in_flight.enter()
    in_flight.leave()
    in_flight.enter()
    assert in_flight.count == 2


def test_every_layer_is_a_function_of_its_name() -> None:
    assert all(callable(getattr(layers_module, name)) for name in LAYERS)
