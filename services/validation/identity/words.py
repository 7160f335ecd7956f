"""Words and names by which `made_up.py` and `signals.py` tell that nobody is called so. Folded: small, no accents."""

from __future__ import annotations

import re


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split(","))


#: No part of anybody's name, alone, joined (`last name` is `lastname`).
NO_NAMES = frozenset(
    """firstname lastname fname lname fullname middlename noname nolastname nofirstname lastnamehere firstnamehere
    yourname myname nameless anonymous nobody unknown notprovided unbekannt lorem ipsum loremipsum foobar abcd abcde
    abcdef abcdefg xyz wxyz asdf asd asdfg qwe qwerty qwert qwertz azerty zxcv zxc dfg fgh ghj hjk sdf jkl xcv
    blahblah blahblahblah blablabla bogusname fakename nunya nunyabusiness noneofyourbusiness whatever idontknow
    idk customer consumer applicant prospect submitter homeowner johndoe janedoe mickeymouse donaldduck santaclaus
    redacted deleted withheld varchar objectobject entername yourfirstname yourlastname undefined poiu wasd qazwsx
    biteme yousuck
    mrmrs username nombre apellido prenom vorname nachname""".split()
)
#: No first name, though some are surnames (Foo, Guest, Sample, Fake).
NO_FIRST_NAMES = frozenset(
    """foo fake dummy example guest user admin administrator visitor member client lead blah none null
    abc name first surname resident occupant owner borrower husband wife nope nothing hello xx batman
    superman spiderman pikachu satan god sample""".split()
)
#: No last name, though some are first names or part of a longer one.
NO_LAST_NAMES = frozenset("dummy example surname".split())
#: Words of forms, jokes and nonsense. Both halves must be among them: one alone may be somebody's name.
EMPTY_WORDS = frozenset(
    """abc abcd abcde abcdef xyz qwe qwerty asd asdf zxc foo bar baz foobar blah bla lorem ipsum fake phony bogus dummy
    nobody noone anonymous anon unknown undefined noname nolastname firstname lastname fname lname first last name
    surname your my none null xxx aaa bbb ccc ddd zzz hello hi sir madam mr mrs consumer customer applicant guest user
    nope nada xx yy zz""".split()
)

TEST_WORDS = frozenset({"test", "tests", "tester", "testing", "testy", "tst", "testlead", "testuser", "testname"})
#: First names that are no names, whatever follows.
TEST_FIRST = frozenset({"test", "tests", "testing", "tst", "prueba"})
#: Joined names that are tests alone, in whatever field; `test` is none of them, for it is a surname.
TEST_NAMES = frozenset(
    """testing testtest testlead testleads testuser testname testfirst testlast testfirstname testlastname
    firstnametest lastnametest testperson testaccount testcustomer testconsumer testdata testtester testertest
    testertester testingtesting qatest testqa leadtest demolead samplelead demouser testonly testme testtesting
    testertesterson testfname testlname mctestface testmctest testmctester testymctest testymctestface testerson
    testmctestface""".split()
)
#: What may follow `Test`, or a word of `TRIALS`, in a test's name; alone they may be names.
AFTER_TEST = TEST_WORDS | frozenset(
    """lead leads user name account person customer consumer data me only one two do entry record case contact applicant
    profile submission testerson mctest mctester mctesterson mctestface monkey""".split()
)
TRIALS = frozenset("demo sample example dummy fake qa dev trial staging sandbox uat bogus".split())
#: Said anywhere within the joined name.
PHRASES = re.compile(
    r"do(?:no|n)tcall|donotcontact|dontcontact|donotuse|donotsend|donotsell|thisisatest|thisistest|justatest|justtesting"
    r"|testlead|pleaseignore|ignorethis|ignoreme|deleteme|pleasedelete|notareal|notreal|enteryour|typeyour|insertname"
    r"|unsubscribe|stopcalling|removeme"
)
#: Words that are in nobody's name. Whole words only: Dick, Cocks, Fuchs, Weiner, Kuntz and Cumming are names.
RUDE = frozenset(
    """fuck fucker fucking fuckyou fuckoff fucku motherfucker mofo shit shithead bullshit asshole assholes arsehole
    dumbass jackass dickhead bitch bitches cunt cunts cocksucker pussy penis vagina dildo blowjob handjob nigger nigga
    faggot wanker slut whore whores retard retarded douchebag bastards bollocks jizz tits boobs porn porno
    poop poopy butthole scammer scammers spam spammer goaway hitler screwyou suckit bitchass pendejo puta
    cabron mierda chinga stfu fuckface buttface shitface
    asswipe poopyhead poophead""".split()
)

#: Sentences, not names: said anywhere, word by word. Each word alone may be one (To, My, Loan, Cheap, Want are).
SENTENCES = re.compile(
    r"^i (?:want|need|am|have|would|just|dont|do not|cant|can)\b|\bto whom it\b|\bmay concern\b|\bplease\b.*\bcall\b"
    r"|\bcall (?:me )?now\b|\bcheap (?:loans?|cars?)\b|\bcurrent (?:resident|occupant|owner)\b"
    r"|\b(?:kiss|suck|eat|lick|bite) my\b|\bnot interested\b|\bnone of (?:your|ur)\b|\bclick here\b|\bstop calling\b"
)
#: Figures whose whole name no living person bears, jokes that are names only when read aloud, and placeholders.
#: Those that people share with a figure (James Bond, Harry Potter) are `LIKENESSES`.
FAMOUS = _names(
    """mickey mouse, minnie mouse, mighty mouse, donald duck, daffy duck, scrooge mcduck, howard the duck, bugs bunny,
    easter bunny, energizer bunny, roger rabbit, jessica rabbit, tooth fairy, santa claus, santa clause, santa
    clauss, mrs claus, father christmas, kris kringle, darth vader, luke skywalker, anakin skywalker, obi wan
    kenobi, obiwan kenobi, master yoda, baby yoda, boba fett, jabba the hutt, chew bacca, spongebob squarepants,
    sponge bob, bob sponge, patrick starfish, squidward tentacles, scooby doo, elmer fudd, yosemite sam, porky pig,
    peppa pig, miss piggy, kermit frog, kermit the frog, kermit thefrog, fozzie bear, yogi bear, boo boo bear,
    winnie pooh, winnie the pooh, winnie thepooh, fred flintstone, wilma flintstone, pebbles flintstone, barney
    dinosaur, buzz lightyear, sheriff woody, bat man, super man, spider man, iron man, aqua man, wonder woman, cat
    woman, captain america, captain kirk, captain hook, captain crunch, captain obvious, incredible hulk, papa
    smurf, donkey kong, super mario, mario luigi, sonic hedgehog, sonic the hedgehog, pika chu, big bird, cookie
    monster, oscar the grouch, oscar grouch, uncle sam, humpty dumpty, tinker bell, captain nemo, bilbo baggins,
    frodo baggins, albus dumbledore, hermione granger, severus snape, lord voldemort, tom bombadil, katniss
    everdeen, woody woodpecker, pepe lepew, wile coyote, tasmanian devil, tweety bird, aunt jemima, mr clean, mr
    potatohead, john doe, jane doe, johnny doe, jon doe, john q public, jane q public, joe schmoe, joe shmoe, joe
    blow, joe sixpack, joe six pack, max mustermann, maxi mustermann, erika mustermann, fulano de tal, juan de los
    palotes, joe bloggs, fred bloggs, not real, no name, nun ya, nunya business, nunya bizness, none ofyourbusiness,
    mind yourbusiness, hugh jass, heywood jablome, haywood jablome, heywood jablowme, mike litoris, dixie normous, i
    p freely, ip freely, ivana tinkle, ivana humpalot, amanda hugginkiss, oliver clozoff, jacques strap, seymour
    buttz, seymour butts, ben dover, homer simpson, hugh g rection, phil mcrevis,
    phil mccrackin, barry mccockiner, moe lester, ligma balls, sugma balls,
    deez nuts, dee znuts, harry ballsack, harry azcrack, adolf hitler, adolph hitler, osama bin laden, osama
    binladen, usama bin laden, jesus christ, jesus h christ, god almighty, lord jesus, holy ghost, satan devil,
    count dracula, dracula vampire, fuck you, fuck off, fuck me, suck me, suck it, bite me, kiss off, go away, go
    fuck, screw you, stop calling, dont call, not interested, wrong number, no thanks, hello kitty, hello world,
    hello there, test test, asdf jkl, lorem ipsum, foo bar, first last, blah blah, barney rubble, some body, no
    body, pat mycrotch"""
)
#: Known figures and public people whose names others bear too: weak, never alone a reason.
LIKENESSES = _names(
    """harry potter, james bond, bart simpson, marge simpson, lisa simpson, peter griffin, lois griffin,
    clark kent, bruce wayne, peter parker, tony stark, lara croft, indiana jones, han solo, princess leia, rocky
    balboa, forrest gump, austin powers, sherlock holmes, walter white, jack sparrow, robin hood, peter pan, betty
    crocker, jack frost, peter rabbit, captain morgan, ronald mcdonald, mother teresa, king arthur, wayne
    kerr, mike hawk, mike hunt, harry balls, john public, joe public, daisy duck, king kong, snow
    white, donald trump, melania trump, joe biden, barack obama, michelle obama, hillary clinton, bill clinton,
    kamala harris, george washington, abraham lincoln, george bush, ronald reagan, vladimir putin, elvis presley,
    michael jackson, taylor swift, justin bieber, britney spears, kanye west, kim kardashian, lebron james, michael
    jordan, tom brady, elon musk, bill gates, jeff bezos, mark zuckerberg, steve jobs, warren buffett, oprah
    winfrey, albert einstein, marilyn monroe, john wayne, chuck norris, brad pitt, tom cruise, lady gaga, paris
    hilton, charlie brown, james kirk, jean luc picard, luke duke, bo duke, dick tracy, barbie doll, ken doll, john
    wick, saddam hussein, kim jong un, xi jinping, anita bath, dixon cox, ron weasley, queen elizabeth"""
)
