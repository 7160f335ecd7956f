"""Names, streets and places to make people up from: frequent ones and rare ones, as a crowd has them."""

from __future__ import annotations

MEN = """james robert john michael david william richard joseph thomas charles christopher daniel matthew anthony mark
steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric
jonathan stephen benjamin samuel gregory alexander frank patrick raymond dennis zachary peter nathan douglas henry
walter lawrence albert arthur vincent russell philip theodore leonard francisco manuel ricardo antonio luis carlos
roberto salvador hector rafael darnell tyrone demetrius kareem hiroshi rajesh sanjay wei dmitri anders lars giovanni
ezra silas orlando clyde percival thaddeus""".split()
WOMEN = """mary patricia jennifer linda elizabeth barbara susan jessica sarah karen nancy margaret sandra ashley
kimberly emily donna michelle dorothy carol amanda melissa deborah stephanie rebecca sharon laura cynthia kathleen amy
angela
pamela nicole samantha katherine christine catherine virginia debra rachel janet carolyn maria victoria judith
christina theresa jacqueline madeline abigail gabriella isabella guadalupe yolanda rosalind latoya shanice keisha
priya lakshmi mei ingrid svetlana beatrice florence josephine philippa winifred henrietta cordelia ottilie""".split()
#: The first third is frequent.
FAMILIES = """smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson
anderson thomas taylor moore jackson martin lee perez thompson white harris clark lewis robinson walker young allen king
wright scott nguyen hill green adams nelson baker hall campbell mitchell carter roberts whitfield abernathy kowalczyk
okonkwo delacroix bergstrom fitzgerald mcallister vandenberg ostrowski haverford pemberton castellano iglesias navarro
quintanilla schwarzkopf lindqvist thorvaldsen papadopoulos chakraborty venkataraman nakamura yamashita kapoor desrosiers
beauchamp hollingsworth featherstone ravenscroft blankenship stubblefield underwood sizemore trujillo zamora escobedo
villarreal mondragon dombrowski wisniewski petrov ivanenko kuznetsov haddad khoury rahman siddiqui abdullah oyelaran
mbeki tanaka fujimoto leung kwan zhao huang trinh pham castleberry grimsley huckaby ledbetter mayfield pruitt quarles
redmond satterfield tidwell upchurch vickers wadsworth yarbrough zeigler eberhardt fassbender gutmann hirsch kessler
loeffler""".split()
STREETS = """Main;Oak;Maple;Cedar;Washington;Lake;Hill;Elm;Walnut;Sunset;Park;Highland;Lincoln;Jackson;Church;River;
Willow Creek;Martin Luther King;Cherry;Dogwood;Meadowbrook;Ridgewood;Chestnut;Spruce;Franklin;Jefferson;Mill;Spring;
Forest;Pine Hollow;Magnolia;Sycamore;Stonegate;Fox Run;Old Mill;Pecan Grove;San Jacinto;Bluebonnet;Kirkwood;
Timberline;Laurel;Hickory Bend;Peachtree;Rosewood;Deer Path;County Line""".replace("\n", "").split(";")
KINDS = [
    ("Street", "St"),
    ("Avenue", "Ave"),
    ("Drive", "Dr"),
    ("Road", "Rd"),
    ("Lane", "Ln"),
    ("Court", "Ct"),
    ("Boulevard", "Blvd"),
    ("Circle", "Cir"),
    ("Place", "Pl"),
    ("Way", "Way"),
]
#: City, state, first three digits of its ZIPs, area codes.
PLACES = [
    ("Austin", "TX", "787", ("512", "737")),
    ("Houston", "TX", "770", ("713", "281")),
    ("Dallas", "TX", "752", ("214",)),
    ("San Antonio", "TX", "782", ("210",)),
    ("El Paso", "TX", "799", ("915",)),
    ("Phoenix", "AZ", "850", ("602", "480")),
    ("Tucson", "AZ", "857", ("520",)),
    ("Denver", "CO", "802", ("303", "720")),
    ("Chicago", "IL", "606", ("312", "773")),
    ("Columbus", "OH", "432", ("614",)),
    ("Cleveland", "OH", "441", ("216",)),
    ("Atlanta", "GA", "303", ("404", "678")),
    ("Savannah", "GA", "314", ("912",)),
    ("Miami", "FL", "331", ("305",)),
    ("Tampa", "FL", "336", ("813",)),
    ("Orlando", "FL", "328", ("407",)),
    ("Charlotte", "NC", "282", ("704",)),
    ("Nashville", "TN", "372", ("615",)),
    ("Memphis", "TN", "381", ("901",)),
    ("Portland", "OR", "972", ("503",)),
    ("Seattle", "WA", "981", ("206",)),
    ("Spokane", "WA", "992", ("509",)),
    ("Sacramento", "CA", "958", ("916",)),
    ("Fresno", "CA", "937", ("559",)),
    ("San Diego", "CA", "921", ("619", "858")),
    ("Albuquerque", "NM", "871", ("505",)),
    ("Philadelphia", "PA", "191", ("215",)),
    ("Pittsburgh", "PA", "152", ("412",)),
]
PROVIDERS = (
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "aol.com",
    "icloud.com",
    "comcast.net",
    "att.net",
)
#: What people call each other, for names of these pools.
CALLED = {
    "james": ["jim", "jimmy"],
    "robert": ["bob", "rob", "bobby"],
    "john": ["jack", "johnny"],
    "michael": ["mike"],
    "william": ["bill", "will", "billy"],
    "richard": ["rick", "dick", "rich"],
    "joseph": ["joe"],
    "thomas": ["tom"],
    "charles": ["chuck", "charlie"],
    "christopher": ["chris"],
    "daniel": ["dan", "danny"],
    "matthew": ["matt"],
    "anthony": ["tony"],
    "steven": ["steve"],
    "andrew": ["andy", "drew"],
    "joshua": ["josh"],
    "kenneth": ["ken"],
    "timothy": ["tim"],
    "ronald": ["ron"],
    "edward": ["ed", "ted"],
    "jeffrey": ["jeff"],
    "nicholas": ["nick"],
    "jonathan": ["jon"],
    "benjamin": ["ben"],
    "samuel": ["sam"],
    "gregory": ["greg"],
    "alexander": ["alex"],
    "patrick": ["pat"],
    "raymond": ["ray"],
    "zachary": ["zach"],
    "nathan": ["nate"],
    "henry": ["hank"],
    "lawrence": ["larry"],
    "theodore": ["ted"],
    "leonard": ["len"],
    "francisco": ["paco"],
    "vincent": ["vince"],
    "patricia": ["pat", "tricia"],
    "jennifer": ["jen", "jenny"],
    "elizabeth": ["liz", "beth", "betty"],
    "barbara": ["barb"],
    "susan": ["sue"],
    "jessica": ["jess"],
    "margaret": ["maggie", "peggy"],
    "sandra": ["sandy"],
    "kimberly": ["kim"],
    "deborah": ["deb", "debbie"],
    "stephanie": ["steph"],
    "rebecca": ["becky"],
    "cynthia": ["cindy"],
    "kathleen": ["kathy"],
    "angela": ["angie"],
    "samantha": ["sam"],
    "katherine": ["kate", "kathy"],
    "catherine": ["cathy", "kate"],
    "virginia": ["ginny"],
    "victoria": ["vicki"],
    "judith": ["judy"],
    "christina": ["tina", "chris"],
    "theresa": ["terry"],
    "jacqueline": ["jackie"],
    "madeline": ["maddie"],
    "abigail": ["abby"],
    "gabriella": ["gabby"],
    "josephine": ["josie"],
    "dorothy": ["dot"],
}
#: Names of brothers and sisters that differ by a letter or a breath.
RHYMES = [
    ("tina", "gina"),
    ("eric", "erica"),
    ("paul", "paula"),
    ("jon", "don"),
    ("carol", "carl"),
    ("daniel", "danielle"),
    ("mark", "mary"),
    ("joan", "john"),
    ("larry", "harry"),
    ("jane", "janet"),
    ("terry", "jerry"),
    ("kara", "tara"),
    ("michael", "michelle"),
    ("christian", "christina"),
    ("aaron", "darren"),
    ("bella", "stella"),
]
