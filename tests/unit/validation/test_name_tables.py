"""Names as forms, exports and telephones really send them, and what a careful clerk would write down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validation.fieldtypes.name import Kind, joined_name, read_name
from services.validation.identity.made_up import is_odd

REAL = tuple(
    name for name in (Path(__file__).parent / "names.txt").read_text("utf-8").splitlines() if not name.startswith("#")
)
KINDS: tuple[Kind, ...] = ("first_name", "last_name", "full_name")


def _table(text: str) -> Iterator[tuple[str, str]]:
    for line in text.strip().splitlines():
        raw, _, value = line.strip().partition(" => ")
        yield raw.removesuffix(" =>"), value.strip()


FIRST = """
    ann => Ann
    ANN => Ann
    aNN => Ann
    ANn => ANn
    JOhn => John
    mary ann => Mary Ann
    MARY-KATE => Mary-Kate
    jean-luc => Jean-Luc
    Mary - Kate => Mary-Kate
    DeShawn => DeShawn
    DESHAWN => Deshawn
    LaToya => LaToya
    JMarcus => JMarcus
    d'angelo => D'Angelo
    DE'ANDRE => De'Andre
    ja’marr => Ja'Marr
    sha'carri => Sha'Carri
    isma'il => Isma'il
    ne'eman => Ne'eman
    ka'ahumanu => Ka'ahumanu
    ʻIOLANI => ʻIolani
    n'golo => N'Golo
    MACKENZIE => Mackenzie
    mckenzie => McKenzie
    McKenna => McKenna
    j => J
    J. => J.
    j.r. => J.R.
    J. R. => J. R.
    TJ => TJ
    tj => Tj
    AJ => AJ
    JO => Jo
    AL => Al
    BO => Bo
    TY => Ty
    MD => Md
    JOSÉ => José
    josé maría => José María
    JosÃ© => José
    BjÃ¶rk => Björk
    Jos%C3%A9 => José
    ÓLAFUR => Ólafur
    NGUYỄN => Nguyễn
    ŁUKASZ => Łukasz
    ŞÜKRÜ => Şükrü
    İBRAHİM => İbrahim
    ΓΙΩΡΓΟΣ => Γιωργος
    дмитрий => Дмитрий
    小明 => 小明
    민수 => 민수
    محمد => محمد
    सुशीला => सुशीला
    Ｊｏｈｎ => John
    𝓙𝓸𝓱𝓷 => John
    Mr. John => John
    Dr John => John
    Mrs. Mary Ann => Mary Ann
    Dr => INVALID
    mr. => INVALID
    Ms => INVALID
    "Bob" => Bob
    (Bob) => Bob
    Robert "Bob" => Robert
    Robert (Bob) => Robert
    Robert [Bob] => Robert
    Ann, => Ann
    Ann. => Ann
    Ann- => Ann
    *Ann* => Ann
    Lynn) => Lynn
    Mary+Ann => Mary Ann
    Ann&nbsp;Lee => Ann Lee
    O&#39;Shea => O'Shea
    D\\'Arcy => D'Arcy
    John Jr. => John Jr
    john iii => John III
    Ann & Bob => Ann & Bob
    ann and bob => Ann and Bob
    maria de jesus => Maria de Jesus
    Na => Na
    NA => Na
    Nan => Nan
    Nil => Nil
    Xx =>  INVALID
    N/A =>
    n/a =>
    none =>
    None =>
    null =>
    Null =>
    undefined =>
    - =>
    -- =>
    . =>
    {{first_name}} =>
    [first_name] =>
    ${firstName} =>
    %%fname%% =>
    <first_name> =>
    first_name => INVALID
    First Name => INVALID
    firstname => INVALID
    Your Name => INVALID
    test => INVALID
    Test => INVALID
    TESTING => INVALID
    test1 => INVALID
    Test123 => INVALID
    asdf => INVALID
    Asdf => INVALID
    asdfgh => INVALID
    qwerty => INVALID
    sdfgsdfg => INVALID
    dfgdfg => INVALID
    fghfgh => INVALID
    hjkl => INVALID
    zxcvbn => INVALID
    lkjhg => INVALID
    kjsdhf => INVALID
    xkqzvw => INVALID
    bcdfgh => INVALID
    asdasd => INVALID
    aaaa => INVALID
    xxx => INVALID
    zzzz => INVALID
    abcd => INVALID
    abc => INVALID
    anonymous => INVALID
    unknown =>
    nobody => INVALID
    noname => INVALID
    fuck => INVALID
    FuckYou => INVALID
    asshole => INVALID
    bitch => INVALID
    John2 => INVALID
    Bob123 => INVALID
    J0hn => INVALID
    12345 => INVALID
    ann@gmail.com => INVALID
    5126274199 => INVALID
    Ann 512-627-4199 => INVALID
    Ann 😀 => INVALID
    Ann ❤ => INVALID
    Jos� => INVALID
    Jos? => INVALID
    Mar?a => INVALID
    ??? => INVALID
    !!! => INVALID
    http://x.example => INVALID
    <b>Ann</b> => INVALID
    Ann_Lee => INVALID
    Ann#1 => INVALID
    do not call => INVALID
"""
LAST = """
    smith => Smith
    SMITH => Smith
    o'brien => O'Brien
    O’BRIEN => O'Brien
    O`Brien => O'Brien
    o´brien => O'Brien
    O' Brien => O'Brien
    O Brien => O Brien
    D'SOUZA => D'Souza
    MCDONALD => McDonald
    mcdonald => McDonald
    McDONALD => McDonald
    McDonald => McDonald
    Mcdonald => Mcdonald
    MACDONALD => MacDonald
    MACKENZIE => MacKenzie
    MacKenzie => MacKenzie
    MACKEY => Mackey
    MACIAS => Macias
    MACHADO => Machado
    MACARTHUR => MacArthur
    MACLEOD => MacLeod
    FITZGERALD => Fitzgerald
    VAN DER BERG => van der Berg
    van der Berg => van der Berg
    Van Der Berg => Van Der Berg
    DE LA CRUZ => de la Cruz
    de los santos => de los Santos
    dos santos => dos Santos
    LA RUE => La Rue
    Van Buren => Van Buren
    ST. JOHN => St. John
    ST CLAIR => St Clair
    SMITH-JONES => Smith-Jones
    smith - jones => Smith-Jones
    Smith–Jones => Smith-Jones
    Smith/Jones => Smith-Jones
    GARCIA LOPEZ => Garcia Lopez
    GARCIA Y VEGA => Garcia Y Vega
    garcia y vega => Garcia y Vega
    Smith Jr. => Smith Jr
    Smith, Jr. => Smith Jr
    SMITH JR => Smith Jr
    SMITH SR. => Smith Sr
    Smith II => Smith II
    smith iii => Smith III
    Smith IV => Smith IV
    Smith 3rd => Smith III
    Smith MD => Smith MD
    Smith, M.D. => Smith MD
    Smith, Ph.D. => Smith PhD
    Smith Esq. => Smith Esq
    NG => Ng
    ng => Ng
    O => O
    Wu => Wu
    LI => Li
    An => An
    Vu => Vu
    Szczęsny => Szczęsny
    BRZĘCZYSZCZYKIEWICZ => Brzęczyszczykiewicz
    Krč => Krč
    HRNČÍŘ => Hrnčíř
    MÜLLER => Müller
    GROSS => Gross
    groß => Groß
    ØSTERGÅRD => Østergård
    IJSSELSTEIN => IJsselstein
    al-hassan => al-Hassan
    AL-HASSAN => Al-Hassan
    王 => 王
    Null => Null
    Test => Test
    Tester => Tester
    Fuchs => Fuchs
    Dick => Dick
    Cocks => Cocks
    Weiner => Weiner
    Butt => Butt
    Kuntz => Kuntz
    Cumming => Cumming
    Shitara => Shitara
    Scunthorpe => Scunthorpe
    Assman => Assman
    Hooker => Hooker
    Gay => Gay
    Bastard => Bastard
    Fake => Fake
    Guest => Guest
    Sample => Sample
    Foo => Foo
    Noone => Noone
    Last => Last
    First => First
    Doe => Doe
    Duck => Duck
    Wang => Wang
    Dyke => Dyke
    Kim => Kim
    Strnad => Strnad
    Schwarzkopf => Schwarzkopf
    Hadsall => Hadsall
    Nguyen => Nguyen
    Ngô => Ngô
    Mbappé => Mbappé
    Nkrumah => Nkrumah
    Zhdanov => Zhdanov
    Smith (Jones) => Smith
    Smith. => Smith
    N/A =>
    NULL =>
    none =>
    {{last_name}} =>
    lastname => INVALID
    Last Name => INVALID
    asdf => INVALID
    qwerty => INVALID
    Testing => INVALID
    testlead => INVALID
    asdfasdf => INVALID
    hgjhg => INVALID
    fghjkl => INVALID
    aaaa => INVALID
    Shit => INVALID
    cunt => INVALID
    Smith2 => INVALID
    Smith 555-123-4567 => INVALID
    x@y.com => INVALID
    12 => INVALID
    ?? => INVALID
"""
FULL = """
    JOHN SMITH => John Smith | first=John last=Smith
    john smith => John Smith | first=John last=Smith
    Smith, John => John Smith | first=John last=Smith
    SMITH, JANE A. => Jane A. Smith | first=Jane middle=A. last=Smith
    Smith,John => John Smith | first=John last=Smith
    Smith Jr, John => John Smith Jr | first=John last=Smith suffix=Jr
    Smith, John, Jr. => John Smith Jr | first=John last=Smith suffix=Jr
    Smith, Dr. John => John Smith | prefix=Dr first=John last=Smith
    Mr. John Smith => John Smith | prefix=Mr first=John last=Smith
    Mr & Mrs John Smith => John Smith | prefix=Mr_Mrs first=John last=Smith
    Mr Smith => Mr Smith | prefix=Mr last=Smith
    Dr. Martin Luther King Jr. => Martin Luther King Jr | prefix=Dr first=Martin middle=Luther last=King suffix=Jr
    John Smith III => John Smith III | first=John last=Smith suffix=III
    john smith iii => John Smith III | first=John last=Smith suffix=III
    John Smith, MD => John Smith MD | first=John last=Smith suffix=MD
    John Smith, M.D., Ph.D. => John Smith MD PhD | first=John last=Smith suffix=MD_PhD
    Capt. Jack Sparrow => Jack Sparrow | prefix=Capt first=Jack last=Sparrow
    General Lee => General Lee | first=General last=Lee
    Prince Rogers => Prince Rogers | first=Prince last=Rogers
    William "Bill" Gates => William Gates | first=William nickname=Bill last=Gates
    Robert (Bob) Jones => Robert Jones | first=Robert nickname=Bob last=Jones
    John 'Jack' Kennedy => John Kennedy | first=John nickname=Jack last=Kennedy
    Mary Ann Evans => Mary Ann Evans | first=Mary middle=Ann last=Evans
    J. R. Smith => J. R. Smith | first=J._R. last=Smith
    J.R.R. Tolkien => J.R.R. Tolkien | first=J.R.R. last=Tolkien
    TJ Miller => TJ Miller | first=TJ last=Miller
    LUDWIG VAN BEETHOVEN => Ludwig van Beethoven | first=Ludwig last=van_Beethoven
    VAN MORRISON => Van Morrison | first=Van last=Morrison
    JUAN DE LA CRUZ => Juan de la Cruz | first=Juan last=de_la_Cruz
    OSCAR DE LA HOYA => Oscar de la Hoya | first=Oscar last=de_la_Hoya
    jan van der berg => Jan van der Berg | first=Jan last=van_der_Berg
    Maria de los Angeles Garcia => Maria de los Angeles Garcia | first=Maria_de_los_Angeles last=Garcia
    Gabriel García y Márquez => Gabriel García y Márquez | first=Gabriel last=García_y_Márquez
    Jon St. Clair => Jon St. Clair | first=Jon last=St._Clair
    Sean O' Connor => Sean O'Connor | first=Sean last=O'Connor
    SINEAD O’CONNOR => Sinead O'Connor | first=Sinead last=O'Connor
    O&#39;Brien, Pat => Pat O'Brien | first=Pat last=O'Brien
    Garcia Lopez, Maria => Maria Garcia Lopez | first=Maria last=Garcia_Lopez
    Ji-sung PARK => Ji-Sung Park | first=Ji-Sung last=Park
    NGUYEN VAN AN => Nguyen Van An | first=Nguyen middle=Van last=An
    王小明 => 王小明 | first=小明 last=王
    欧阳娜娜 => 欧阳娜娜 | first=娜娜 last=欧阳
    山田太郎 => 山田太郎 | first=太郎 last=山田
    김민수 => 김민수 | first=민수 last=김
    José Núñez => José Núñez | first=José last=Núñez
    JosÃ© NuÃ±ez => José Nuñez | first=José last=Nuñez
    Иван Петров => Иван Петров | first=Иван last=Петров
    Madonna => Madonna | first=Madonna
    O Ng => O Ng | first=O last=Ng
    A a => A A | first=A last=A
    X Ae => X Ae | first=X last=Ae
    Chris Null => Chris Null | first=Chris last=Null
    Jon Test => Jon Test | first=Jon last=Test
    Dick Cocks => Dick Cocks | first=Dick last=Cocks
    Michael Jackson => Michael Jackson | first=Michael last=Jackson
    James Bond => James Bond | first=James last=Bond
    Harry Potter => Harry Potter | first=Harry last=Potter
    Donald Trump => Donald Trump | first=Donald last=Trump
    John & Mary Smith => John & Mary Smith | first=John middle=&_Mary last=Smith
    Mickey Rourke => Mickey Rourke | first=Mickey last=Rourke
    Jane Dow => Jane Dow | first=Jane last=Dow
    N/A =>
    {{name}} =>
    Mickey Mouse => INVALID
    MINNIE MOUSE => INVALID
    Mouse, Mickey => INVALID
    Donald Duck => INVALID
    Santa Claus => INVALID
    Darth Vader => INVALID
    Bugs Bunny => INVALID
    John Doe => INVALID
    jane doe => INVALID
    Max Mustermann => INVALID
    Test Test => INVALID
    Test Lead => INVALID
    test user => INVALID
    Tester McTest => INVALID
    demo lead => INVALID
    sample customer => INVALID
    QA Test => INVALID
    Test Smith => INVALID
    First Last => INVALID
    Firstname Lastname => INVALID
    First Name Last Name => INVALID
    Your Name => INVALID
    No Name => INVALID
    Do Not Call => INVALID
    please ignore => INVALID
    this is a test => INVALID
    Foo Bar => INVALID
    Lorem Ipsum => INVALID
    asdf asdf => INVALID
    asdf jkl => INVALID
    qwerty uiop => INVALID
    John asdfgh => INVALID
    dfgdfg Smith => INVALID
    xkjdf wqprt => INVALID
    aaa bbb => INVALID
    xxxx xxxx => INVALID
    fuck you => INVALID
    Heywood Jablome => INVALID
    Adolf Hitler => INVALID
    John2 Smith => INVALID
    John Smith 5125551234 => INVALID
    john@x.com => INVALID
    john smith john@x.com => INVALID
    12345 67890 => INVALID
    John 😀 Smith => INVALID
"""
_ROWS = [
    *(("first_name", *row) for row in _table(FIRST)),
    *(("last_name", *row) for row in _table(LAST)),
    *(("full_name", *row) for row in _table(FULL)),
]


@pytest.mark.parametrize(("kind", "raw", "expected"), _ROWS)
def test_a_name_is_written_as_a_clerk_would(kind: Kind, raw: str, expected: str) -> None:
    reading = read_name(kind, raw, kind)
    value, _, parts = expected.partition(" | ")
    if value == "INVALID":
        assert reading.findings
        return
    assert reading.findings == ()
    assert reading.value == (value or None)
    if parts:
        told = dict(part.split("=") for part in parts.split(" "))
        assert reading.parts == {name: text.replace("_", " ") for name, text in told.items()}


def test_names_of_ninety_languages_are_not_refused_however_they_are_written() -> None:
    assert len(set(REAL)) > 10_000
    refused = [
        (kind, text)
        for name in REAL
        for text in (name, name.upper(), name.lower(), f" {name} ", f"{name},")
        for kind in KINDS[:2]
        if (reading := read_name(kind, text, kind)).findings or reading.value is None
    ]
    assert refused == []


def test_real_first_and_last_names_together_are_not_refused() -> None:
    # Every name beside one from the other end of the alphabet, and beside its neighbour.
    pairs = [(REAL[i], REAL[-i - 1]) for i in range(len(REAL))] + list(pairwise(REAL))
    refused = [pair for pair in pairs if read_name("full_name", " ".join(pair)).findings]
    assert refused == []


def test_few_real_names_look_odd() -> None:
    odd = [name for name in REAL if is_odd(name.lower())]
    assert len(odd) < len(REAL) / 1000


_NAMES = st.sampled_from(REAL)
_JUNK = st.text(st.sampled_from("aAbBoO'’-. ,&\"()JrIVDdMmccéÉİß王ʻyYvandel12@"), max_size=24)


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(KINDS), text=_JUNK | st.text(max_size=30) | st.lists(_NAMES, max_size=5).map(" ".join))
def test_a_canonical_name_is_a_fixed_point(kind: Kind, text: str) -> None:
    value = read_name(kind, text, kind).value
    if value is not None:
        again = read_name(kind, value, kind)
        assert again.value == value
        assert bool(again.findings) == bool(read_name(kind, text, kind).findings)


@settings(max_examples=200, deadline=None)
@given(first=_NAMES | _JUNK, last=_NAMES | _JUNK)
def test_a_name_put_together_is_a_canonical_full_name(first: str, last: str) -> None:
    halves = read_name("first_name", first).value, read_name("last_name", last).value
    if halves[0] and halves[1]:
        whole = joined_name(halves[0], halves[1])
        if whole is not None:
            assert read_name("full_name", whole).value == whole


@settings(max_examples=200, deadline=None)
@given(
    name=_NAMES,
    style=st.sampled_from([str, str.upper, str.lower, str.title]),
    before=st.sampled_from(["", " ", "\t", '"', "\u00a0", "\u200b"]),
    after=st.sampled_from(["", " ", ",", ".", '"', "\n", "*"]),
    kind=st.sampled_from(KINDS),
)
def test_what_people_type_around_a_name_does_not_make_it_invalid(
    name: str, style: type[str], before: str, after: str, kind: Kind
) -> None:
    reading = read_name(kind, f"{before}{style(name)}{after}", kind)
    assert reading.value is not None
    assert reading.findings == ()
