"""Words of people: who wants to be left alone, who needs help, and who is on their way to the office."""

from __future__ import annotations

import pytest

from services.routing.gate.revocation import read

OPTS_OUT = (
    """
STOP|Stop.|stop!!!|  stop  |STOPALL|stop all|Please stop|stop please thank you|STOP STOP STOP|Stop it.|QUIT|End|REVOKE
Cancel|UNSUBSCRIBE|Unsubscribe me please|opt out|Opt-out|OPT OUT NOW|Stop. I already bought a car.|No thanks. Stop
please don't call me again|Please do not contact me anymore|Don’t text me|never call this number again|stop calling me
Stop texting my phone|quit bothering me|STOP SENDING ME MESSAGES|do not ever call me again|no more calls please
remove me|Remove me from your list|take me off your list|please take my number off your list|delete my number
I want to be removed - remove my info|put me on your do not call list|Add me to the do not call list
I revoke my consent|I hereby withdraw my permission to be called|I'd like to opt out|leave me alone|lose my number
I don't want any more texts from you|i dont want to be contacted|I do not wish to receive calls|go away|Not interested
not interested, thanks|I never signed up for this|I never gave you permission|cease and desist|stop emailing me
I'm asking you nicely to stop calling|You need to stop contacting me|Kindly stop messaging me|stop these texts
F*** off and stop texting|unsubscribe from all emails please|do not email me|DO NOT CALL|DNC
no me llamen más|No me llame|por favor no me contacten|deje de llamarme|dejen de enviarme mensajes|ALTO|Parar|basta
quítenme de la lista|elimine mi número|no quiero más llamadas|ya no me escriban|dar de baja|no me interesa
no más mensajes|déjenme en paz|cancelar|Revoco mi consentimiento|borren mi número por favor|no vuelvan a llamar
""".strip()
    .replace("\n", "|")
    .split("|")
)

WRONG_NUMBER = ["wrong number", "You have the wrong number!", "Wrong person", "número equivocado", "wrong number stop"]

NOT_AN_OPT_OUT = (
    """
I'll stop by my office at noon|Can I stop by your branch tomorrow?|I can't stop thinking about the offer
Please don't hesitate to call me|don't forget to call me at 5|Why did you stop calling me?|I didn't get your call
You never called me|Can you cancel my appointment for Friday|I quit my job last month, is that a problem?
When does the offer end?|the end of the month works|Yes call me|call me after 6|I never received your email
Don't stop now, I am almost done with the form|I don't know the VIN|is there a bus stop near you
If you don't call me by five I'll go elsewhere|I couldn't reach you|Yes please|My number is the same
I want to remove the co-signer from the application|Can you delete the second car from my application?
we can text|text me|sí, llámeme|mañana puede llamar|¿cuándo termina la oferta?|I do not have a trade-in
How do I stop my old loan's autopay?|don't mind a call later|I don't use email much, call me
""".strip()
    .replace("\n", "|")
    .split("|")
)

UNCLEAR = (
    """
don't call me before 5|Do not call me at work|please don't text during the day|Who gave you my number?
I'm not interested in the 72 months, what about 60?|no me llame hoy|I will talk to my lawyer
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("text", OPTS_OUT)
def test_whoever_wants_to_be_left_alone_is_understood(text: str) -> None:
    assert read(text, "text").intent == "opt_out"


@pytest.mark.parametrize("text", WRONG_NUMBER)
def test_a_wrong_number_is_never_called_again(text: str) -> None:
    assert read(text, "text").intent in ("wrong_number", "opt_out")


@pytest.mark.parametrize("text", NOT_AN_OPT_OUT)
def test_words_that_only_sound_like_it_are_left_to_people(text: str) -> None:
    assert read(text, "text").intent in ("none", "unclear")


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_may_be_meant_either_way_is_unclear(text: str) -> None:
    assert read(text, "text").intent == "unclear"


@pytest.mark.parametrize("text", ["HELP", "help please", "Info", "AYUDA", "Help!"])
def test_help_is_asked_for(text: str) -> None:
    assert read(text, "text").intent == "help"


@pytest.mark.parametrize(
    ("text", "channel", "scope"),
    [
        ("STOP", "text", "phone"),
        ("unsubscribe", "email", "email"),
        ("stop calling me", "text", "phone"),
        ("stop emailing me", "email", "email"),
        ("please don't contact me again", "email", "all"),
        ("remove me from your list", "text", "all"),
        ("leave me alone", "text", "all"),
        ("Not interested, thanks", "text", "all"),
        ("don't call me, text me instead", "text", "call"),
        ("stop texting me, email only", "text", "text"),
        ("don't call or email me", "call", "all"),
        ("wrong number", "text", "phone"),
        ("no me llamen más", "text", "phone"),
    ],
)  # fmt: skip
def test_what_ends_is_what_was_asked_and_in_doubt_more(text: str, channel: str, scope: str) -> None:
    assert read(text, channel).scope == scope  # type: ignore[arg-type]


def test_nothing_is_understood_from_nothing() -> None:
    assert read("", "text").intent == "none"
    assert read("👍👍", "text").intent == "none"


@pytest.mark.parametrize("head", ["", "On Mon, Nov 23, 2026 at 9:00 AM Big Bank wrote:\n"])
def test_a_mail_that_quotes_our_own_words_says_nothing_by_them(head: str) -> None:
    assert read(f"Yes, Tuesday works.\n\n{head}> Reply STOP to opt out\n> unsubscribe", "email").intent == "none"
