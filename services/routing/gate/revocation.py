"""What a person's own words say about being contacted. Pure.

Consent may be revoked in any reasonable way: 47 CFR 64.1200(a)(10) names the words stop, quit, end, revoke, opt out,
cancel and unsubscribe as enough by themselves, and asks of anything else how a reasonable person would understand it.
CTIA's messaging principles (5.1.3) add HELP. A word counts by itself only where it is all that a sentence says: people
also "stop by the office" and "cancel the appointment". What could be meant either way is `unclear`, and a person reads
it before a program writes again.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, NamedTuple

from services.routing.gate.facts import Scope
from services.routing.gate.rules import Channel

Intent = Literal["opt_out", "wrong_number", "help", "unclear", "none"]


class Heard(NamedTuple):
    """What was understood.

    Attributes:
        intent: `wrong_number` is an opt-out as well: whoever has the number agreed to nothing.
        scope: what must end; meaningful for `opt_out` and `wrong_number` only.
    """

    intent: Intent
    scope: Scope


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for line in text.splitlines() for phrase in line.split("|") if phrase.strip())


#: What ends the channel over which it comes; over the phone, calls and texts alike.
_KEYWORDS: Final = _phrases(
    """
    stop|stopp|stpo|stop all|stopall|stop it|stop this|stop that|stop now|stop sending|stop spam|stop spamming
    quit|quit it|end|revoke|cancel|cancel all|opt out|optout|opt me out|unsubscribe|unsuscribe|unsub|unsubscribe me
    no more|do not call|do not text|do not email|enough|spam|scam
    alto|parar|pare|paren|para|basta|detener|cancelar|cancela|salir|baja|darme de baja|dar de baja|deme de baja
    suspender|terminar|fin|desuscribir|desuscribirme
    """
)
#: What ends everything.
_GOODBYES: Final = _phrases(
    """
    stop everything|remove|remove me|take me off|delete me|leave me alone|go away|dnc|do not contact|do not disturb
    cease|cease and desist|not interested|i am not interested|im not interested|no longer interested
    not interested anymore|lose my number
    no molestar|no molesten|dejeme en paz|dejenme en paz|no me interesa|no estoy interesado|no estoy interesada
    eliminar|borrar
    """
)
_HELP: Final = frozenset({"help", "info", "ayuda", "help me", "more info", "informacion"})
#: What may stand around a keyword without changing it.
_FILLERS: Final = frozenset(
    """please pls plz plse thanks thank you thx ty now just ok okay hey hi hello already kindly immediately asap sir
    maam guys seriously really fucking fuck damn the hell por favor gracias ya ahora mismo hola senor senora""".split()
)

# Verbs by what they say of the channel; forms that end in anything.
_CALL: Final = r"(?:call|phon|ring|dial|voicemail)\w*"
_TEXT: Final = r"(?:text|txt|sms|messag|msg)\w*"
_MAIL: Final = r"(?:e ?mail)\w*"
_ANY: Final = r"(?:contact|bother|reach|harass|annoy|pester|solicit|spam|disturb|writ|send)\w*"
_REACH: Final = rf"(?:{_CALL}|{_TEXT}|{_MAIL}|{_ANY})"
_LLAMAR: Final = r"(?:llam|marc|telefone)\w*"
_ALCANZAR: Final = rf"(?:{_LLAMAR}|contact\w*|escrib\w*|envi\w*|mand\w*|molest\w*|text\w*)"

_REVOKING: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # "Do not call me again", "never ever text this number", "stop all your messages", "quit bothering me".
        rf"\b(?:do not|dont|never|no longer|not to)(?: \w+){{0,2}}? {_REACH}\b",
        r"\b(?:stop|quit|cease|end|discontinue)(?: (?:the|all|all of|these|those|your|any|with|from|me)){0,3} "
        rf"{_REACH}\b",
        rf"\bno (?:more|further) (?:\w+ )?{_REACH}\b",
        rf"\b(?:do not|dont|never|no longer) (?:want|wish|need|like|agree|consent|asked?|request\w*|authoriz\w*)"
        rf"(?: \w+){{0,5}}? {_REACH}\b",
        # "I said stop", "I told you guys to stop".
        r"\b(?:said|told you|asked you|telling you|asking you)(?: \w+)?(?: to)? (?:stop|quit)\b"
        r"(?! (?:by|in|over|at|and|on|for))",
        # Lists and data.
        r"\b(?:remove|delete|erase|take|get|scrub|drop|strike|unsubscribe) (?:me|us|this (?:number|phone|email)"
        r"|my (?:\w+ )?(?:number|name|phone|cell|email|mail|address|info\w*|details|data|contact\w*))\b"
        r"(?! (?:a|an|the|to|through|there|some|from my|from the application))",
        r"\b(?:put|place|add) (?:me|us|(?:this|my) (?:number|name))(?: \w+){0,3} (?:do not|dont|no) (?:call|contact)\b",
        r"\b(?:on|to) (?:\w+ ){0,3}do not call list\b",
        r"\b(?:revok|withdraw|rescind)\w* (?:\w+ ){0,3}?(?:consent|permission|authorization)\b",
        r"\bopt(?:ing|ed)? (?:me |us )?out\b",
        r"\bunsubscrib\w*\b",
        r"\b(?:leave me|leave us) (?:the \w+ )?alone\b|\blose my number\b|\bcease and desist\b",
        r"\bnever (?:gave|give|given)(?: \w+){0,3} (?:consent|permission|my (?:phone|number|email))\b",
        r"\b(?:never|did not|didnt) (?:sign|signed) up\b",
        # Spanish.
        rf"\b(?:no|ya no|nunca) (?:me |nos |vuelvan? a |quiero que me |deseo que me )*{_ALCANZAR}\b",
        rf"\b(?:deje|dejen|deja|pare|paren|para|basta)(?: ya)? de (?:\w+ )?{_ALCANZAR}\b",
        r"\bno (?:quiero|deseo)(?: \w+){0,3} (?:llamadas?|mensajes?|textos?|correos?)\b",
        r"\b(?:no|basta de) mas (?:llamadas?|mensajes?|textos?|correos?)\b|\bbasta de (?:llamadas|mensajes|correos)\b",
        r"\b(?:quiteme|quitenme|saqueme|saquenme|borreme|borrenme|elimineme|eliminenme|retireme)\b",
        r"\b(?:quite|quiten|borre|borren|elimine|eliminen|saque|saquen) mi (?:numero|nombre|correo|telefono)\b",
        r"\b(?:dar|deme|denme|darme|dame)(?: \w+)? de baja\b|\b(?:dejeme|dejenme) en paz\b",
        r"\brevoco mi (?:consentimiento|autorizacion|permiso)\b",
    )
)
_WRONG: Final = re.compile(
    r"\bwrong (?:number|person|phone|guy|lady|email)\b|\b(?:numero|telefono) equivocado\b|\bpersona equivocada\b"
    r"|\bno (?:one|body) (?:here )?(?:by|with) that name\b|\bnot my (?:application|request|loan)\b"
    r"|\byou have the wrong\b|\bse equivoco de numero\b"
)
# Read before the above: what sounds like it and means the opposite, or something else.
_OTHERWISE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:do not|dont|never) (?:hesitate|forget|wait|be afraid|mind|fail|stop|miss)\b",
        rf"\b(?:can not|cannot|cant|could not|couldnt|will not|wont|did not|didnt|why do not|why dont) (?:\w+ )?"
        rf"(?:stop|you {_REACH}|{_REACH})\b",
        rf"\bwhy (?:did|have|has) (?:you|they|nobody)(?: \w+)? (?:stop\w*|not)\b(?: {_REACH})?",
        r"\bif (?:you )?(?:do not|dont)\b[^.]*",
        r"\b(?:have not|havent|has not|hasnt|did not|didnt|never) (?:\w+ )?(?:receiv|got|get|heard|seen)\w*\b",
        r"\bi (?:never|do not|dont) (?:answer|pick up|get|receive|check|use|have)\b[^.]*",
        r"\b(?:you|they|nobody|no one) (?:\w+ )?never \w+",
        r"\b(?:do not|dont) (?:know|think|see|understand|remember|recall)\b[^.]*",
    )
)
#: A time or a place at which it does not suit: no wish to be left alone.
_LIMITED: Final = re.compile(
    r"\b(?:before|after|until|till|between|today|tonight|tomorrow|this (?:week|morning|afternoon|evening)|at work"
    r"|right now|during|at night|weekends?|sundays?|so (?:early|late)|yet|antes|despues|hoy|manana|hasta)\b"
)
_FOREVER: Final = re.compile(
    r"\b(?:ever|again|any ?more|any longer|list|consent|remove|unsubscribe|mas|nunca|alone)\b"
    r"|\bstop(?:$| (?:call|text))"
)
_INSTEAD: Final = re.compile(
    r"\b(?:(call|phone)|(text|txt)|(e ?mail))(?: me| us)?(?: \w+)? (?:instead|only|is (?:fine|ok|okay|better|best))\b"
    r"|\bonly (?:(call|phone)|(text|txt)|(e ?mail))\b"
)
_SENTENCE: Final = re.compile(r"[.!?;,:\n\r()\[\]\"…—–]+|\s-+\s")
_MOST_LETTERS: Final = 2000
#: Where a mail begins to quote what it answers to.
_QUOTED: Final = re.compile(r"^(?:>|On .{0,200} wrote:|El .{0,200} escribió:|-{2,} ?Original Message)", re.MULTILINE)
_UNCLEAR: Final = re.compile(
    r"\bnot interested\b|\bno longer interested\b|\bwho (?:gave|is this)\b|\bhow did you get my\b"
    r"|\breport(?:ing)? you\b"
    r"|\b(?:attorney|lawyer|lawsuit|sue|ftc|fcc|tcpa)\b|\bstop\b|\bharass\w*|\bspam\w*"
)


def read(text: str, channel: Channel) -> Heard:
    """Understand a message.

    Args:
        text: as it came, of any length; its beginning is read, and of a mail nothing that it quotes.
        channel: over which it came.
    """
    said = _QUOTED.split(text[:_MOST_LETTERS], maxsplit=1)[0] if channel == "email" else text[:_MOST_LETTERS]
    sentences = [words for part in _SENTENCE.split(said) if (words := _plain(part))]
    whole = " ".join(sentences)
    bare = [_without_fillers(sentence) for sentence in [*sentences, whole]]
    if any(sentence in _GOODBYES for sentence in bare):
        return Heard("opt_out", "all")
    if any(sentence in _KEYWORDS or _repeated(sentence) for sentence in bare):
        return Heard("opt_out", _scope_of_keyword(whole, channel))
    if _WRONG.search(whole):
        return Heard("wrong_number", "email" if channel == "email" else "phone")
    meant = whole
    for other in _OTHERWISE:
        meant = other.sub(" ", meant)
    if any(revoking.search(meant) for revoking in _REVOKING):
        limited = _LIMITED.search(meant) and not _FOREVER.search(meant)
        return Heard("unclear" if limited else "opt_out", _scope(whole, meant))
    if any(sentence in _HELP for sentence in bare):
        return Heard("help", "phone")
    if _UNCLEAR.search(meant) and not _HARMLESS.search(meant):
        return Heard("unclear", "all")
    return Heard("none", "all")


#: `stop` as a place or a pause.
_HARMLESS: Final = re.compile(
    r"\bstop (?:by|in|over|at|and|on|for|through|thinking|loss|sign)\b"
    r"|\b(?:bus|truck|rest|pit|one|non|full|next|quick) stop\b"
)


def _plain(text: str) -> str:
    """Lower-case words without accents, apostrophes and signs."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    flat = "".join(letter for letter in flat if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9 ]+", " ", re.sub(r"['’`´]", "", flat)).split())


def _without_fillers(sentence: str) -> str:
    return " ".join(word for word in sentence.split() if word not in _FILLERS)


def _repeated(sentence: str) -> bool:
    """`stop stop stop`."""
    words = set(sentence.split())
    return bool(words) and words <= {"stop", "quit", "unsubscribe", "alto"}


def _scope_of_keyword(whole: str, channel: Channel) -> Scope:
    # The law's words end calls and texts alike: 47 CFR 64.1200(a)(10).
    return _scope(whole, whole) if " " in whole and _NAMES_CHANNEL.search(whole) else _own(channel)


_NAMES_CHANNEL: Final = re.compile(rf"\b(?:{_CALL}|{_TEXT}|{_MAIL}|contact|{_LLAMAR})\b")


def _own(channel: Channel) -> Scope:
    return "email" if channel == "email" else "phone"


def _scope(whole: str, meant: str) -> Scope:
    """What a sentence wants to end. What it does not name ends too, unless it is asked for instead."""
    if instead := _INSTEAD.search(whole):
        wanted = {("call", "text", "email")[index % 3] for index, part in enumerate(instead.groups()) if part}
        ended = {name for name, verb in (("call", _CALL), ("text", _TEXT), ("email", _MAIL)) if _says(verb, meant)}
        left = sorted((ended or {"call", "text", "email"}) - wanted)
        if len(left) == 1:
            return left[0]  # type: ignore[return-value]
        return "phone" if left == ["call", "text"] else "all"
    phone = _says(_CALL, meant) or _says(_TEXT, meant) or _says(_LLAMAR, meant)
    mail = _says(_MAIL, meant) or " correo" in meant
    if phone and not mail:
        return "phone"
    return "email" if mail and not phone else "all"


def _says(verb: str, text: str) -> bool:
    return re.search(rf"\b{verb}\b", text) is not None
