"""E-mail addresses as they really come, and real domains that no rule may touch."""

from __future__ import annotations

GOOD = [
    ("ann.lee@gmail.com", "ann.lee@gmail.com"),
    ("  ann.lee@gmail.com ", "ann.lee@gmail.com"),
    ("ann.lee@GMAIL.COM", "ann.lee@gmail.com"),
    ("Ann.Lee@Gmail.com", "ann.lee@gmail.com"),
    ("ANN@YAHOO.COM", "ann@yahoo.com"),
    ("mailto:ann@gmail.com", "ann@gmail.com"),
    ("MAILTO:Ann@Gmail.com?subject=My%20loan", "ann@gmail.com"),
    ("Email: ann@gmail.com", "ann@gmail.com"),
    ("e-mail - ann@gmail.com", "ann@gmail.com"),
    ("my email is: ann@gmail.com", "ann@gmail.com"),
    ("Ann Lee <ann@gmail.com>", "ann@gmail.com"),
    ('"Lee, Ann" <ann@gmail.com>', "ann@gmail.com"),
    ("Ann Lee <ann@gmail.com>;", "ann@gmail.com"),
    ("<ann@gmail.com>", "ann@gmail.com"),
    ("[ann@gmail.com]", "ann@gmail.com"),
    ("(ann@gmail.com)", "ann@gmail.com"),
    ("'ann@gmail.com'", "ann@gmail.com"),
    ('"ann@gmail.com"', "ann@gmail.com"),
    ('"ann"@gmail.com', "ann@gmail.com"),
    ("ann@gmail.com (work)", "ann@gmail.com"),
    ("ann@gmail.com.", "ann@gmail.com"),
    ("ann@gmail.com,", "ann@gmail.com"),
    ("ann@gmail.com;", "ann@gmail.com"),
    ("ann@gmail.com>", "ann@gmail.com"),
    ("ann@gmail.com!", "ann@gmail.com"),
    ("ann @ gmail.com", "ann@gmail.com"),
    ("ann@ gmail . com", "ann@gmail.com"),
    ("ann @gmail.com", "ann@gmail.com"),
    ("ann\uff20gmail.com", "ann@gmail.com"),
    ("ann@gmail\uff0ecom", "ann@gmail.com"),
    ("\u200bann@gmail.com\u200b", "ann@gmail.com"),
    ("\u00a0ann@gmail.com", "ann@gmail.com"),
    ("ann@gmail.com / ann@gmail.com", "ann@gmail.com"),
    ("ann@gmail.com, Ann@Gmail.com", "ann@gmail.com"),
    ("ann+leads@gmail.com", "ann+leads@gmail.com"),
    ("ann+@gmail.com", "ann+@gmail.com"),
    ("ann-lee@gmail.com", "ann-lee@gmail.com"),
    ("-ann@yahoo.com", "-ann@yahoo.com"),
    ("ann_@yahoo.com", "ann_@yahoo.com"),
    ("_ann@yahoo.com", "_ann@yahoo.com"),
    ("bob@x.com", "bob@x.com"),
    ("bob@q.com", "bob@q.com"),
    ("o'brien@yahoo.com", "o'brien@yahoo.com"),
    ("o\u2019brien@yahoo.com", "o\u2019brien@yahoo.com"),
    ("ann_lee-1@cs.utexas.edu", "ann_lee-1@cs.utexas.edu"),
    ("1234567@qq.com", "1234567@qq.com"),
    ("123456@qq.com", "123456@qq.com"),
    ("5126274199@vtext.com", "5126274199@vtext.com"),
    ("19801231@gmail.com", "19801231@gmail.com"),
    ("abc@privaterelay.appleid.com", "abc@privaterelay.appleid.com"),
    ("x7d9k2m4@privaterelay.appleid.com", "x7d9k2m4@privaterelay.appleid.com"),
    ("ann@duck.com", "ann@duck.com"),
    ("ann@mozmail.com", "ann@mozmail.com"),
    ("ann.x1@passmail.net", "ann.x1@passmail.net"),
    ("ann@simplelogin.com", "ann@simplelogin.com"),
    ("ann@alice.anonaddy.com", "ann@alice.anonaddy.com"),
    ("ann@b\u00fccher.de", "ann@xn--bcher-kva.de"),
    ("ANN@B\u00dcCHER.DE", "ann@xn--bcher-kva.de"),
    ("s\u00f8ren@firma.dk", "s\u00f8ren@firma.dk"),
    ("jos\u00e9@correo.mx", "jos\u00e9@correo.mx"),
    ("ann@newdomain.technology", "ann@newdomain.technology"),
    ("ann@my-firm.photography", "ann@my-firm.photography"),
    ("ann@smith.family", "ann@smith.family"),
    ("ann@startup.ai", "ann@startup.ai"),
    ("ann@app.dev", "ann@app.dev"),
    ("ann@church.faith", "ann@church.faith"),
    ("ann@shop.xyz", "ann@shop.xyz"),
    ("ann@city.austin.tx.us", "ann@city.austin.tx.us"),
    ("tester@gmail.com", "tester@gmail.com"),
    ("contest@gmail.com", "contest@gmail.com"),
    ("john.test@gmail.com", "john.test@gmail.com"),
    ("asdf.jones@gmail.com", "asdf.jones@gmail.com"),
    ("user@smith-family.org", "user@smith-family.org"),
    ("info@smith-family.org", "info@smith-family.org"),
    ("sales@lees-garage.com", "sales@lees-garage.com"),
    ("smith@smith.com", "smith@smith.com"),
    ("lee@lee.org", "lee@lee.org"),
    ("ann@test-drive.com", "ann@test-drive.com"),
    ("ann@mail.example", "ann@mail.example"),
    ("ann@mail.com", "ann@mail.com"),
    ("ann@gmx.com", "ann@gmx.com"),
    ("jennifernull@gmail.com", "jennifernull@gmail.com"),
    ("nobody.special@yahoo.com", "nobody.special@yahoo.com"),
    ("dickbutkus@yahoo.com", "dickbutkus@yahoo.com"),
    ("phuc.dang@gmail.com", "phuc.dang@gmail.com"),
    ("wert.k@web.de", "wert.k@web.de"),
    ("aaron@aol.com", "aaron@aol.com"),
    ("xoxo.kim@aol.com", "xoxo.kim@aol.com"),
    ("noreplyjones@gmail.com", "noreplyjones@gmail.com"),
    ("annabcd@gmail.com", "annabcd@gmail.com"),
]
#: What cannot be an address, and what was probably meant.
INVALID = [
    ("ann", ""),
    ("ann@", ""),
    ("@gmail.com", ""),
    ("@annlee", ""),
    ("ann gmail.com", ""),
    ("anngmail.com", ""),
    ("ann#gmail.com", ""),
    ("www.annlee.com", ""),
    ("https://annlee.com", ""),
    ("512-627-4199", ""),
    ("123 Main St", ""),
    ("ann@company", ""),
    ("ann@localhost", ""),
    ("ann@host.local", ""),
    ("ann@foo.invalid", ""),
    ("ann@foo.test", ""),
    ("ann@foo.internal", ""),
    ("ann@1.2.3.4", ""),
    ("ann@[1.2.3.4]", ""),
    ("ann@gmail.c", "ann@gmail.com"),
    ("ann lee@gmail.com", ""),
    ('"ann lee"@gmail.com', ""),
    ("ann@foo_bar.com", ""),
    ("ann@foo.notatld", ""),
    ("ann@y.com", ""),
    ("x" * 65 + "@gmail.com", ""),
    ("ann@" + "a" * 64 + ".com", ""),
    ("ann@gmail.com bob@yahoo.com", ""),
    ("ann@gmail.com, bob@yahoo.com", ""),
    ("ann@gmail.com;bob@yahoo.com", ""),
    ("ann@gmail.com/bob@yahoo.com", ""),
    ("ann@gmail.com or bob@yahoo.com", ""),
    ("ann@gmail", "ann@gmail.com"),
    ("ann@gmailcom", "ann@gmail.com"),
    ("ann@yahoo", "ann@yahoo.com"),
    ("ann@gmail,com", "ann@gmail.com"),
    ("ann@gmail;com", "ann@gmail.com"),
    ("ann@gmail..com", "ann@gmail.com"),
    ("ann@gm ail.com", "ann@gmail.com"),
    ("ann@@gmail.com", "ann@gmail.com"),
    ("ann@gmail.com1", "ann@gmail.com"),
    ("ann@-gmail.com", "ann@gmail.com"),
    ("ann@gmail-.com", ""),
    (".ann@gmail.com", "ann@gmail.com"),
    ("ann.@gmail.com", "ann@gmail.com"),
    ("a..b@gmail.com", "a.b@gmail.com"),
    ("ann at gmail dot com", "ann@gmail.com"),
    ("ann(at)gmail.com", "ann@gmail.com"),
    ("ann [at] gmail [dot] com", "ann@gmail.com"),
    ("noreply@lees-garage.com", ""),
    ("no-reply@gmail.com", ""),
    ("donotreply@bank.com", ""),
    ("do-not-reply@bank.com", ""),
    ("mailer-daemon@yahoo.com", ""),
]
#: Domains that are surely misspelt, and the one that was meant.
MISSPELT = [
    (slip, right)
    for right, slips in {
        "gmail.com": """gmial.com gmai.com gmal.com gmil.com gamil.com gmali.com gnail.com gmaill.com gmaul.com
            gmeil.com ggmail.com gmmail.com gmail.con gmail.cmo gmail.comm gmail.coom gmail.cim gmail.vom
            gmail.xom gmail.cm gmail.co gmail.om gmail.c0m gmail.com.com gmailcom.com www.gmail.com
            gmial.con gamil.co g-mail.com gmail.ocm gmai.con gmsil.com gemail.com gimail.com hgmail.com
            gmall.com gma1l.com gmail.cpm gm\u0430il.com gmail.comn gmail.net""",
        "yahoo.com": """yaho.com yahooo.com yhoo.com yahho.com yhaoo.com yaoo.com tahoo.com yahoo.con yahoo.co yahoo.cmo
            yahoo.cm yaho.con yahoo.comm uahoo.com yajoo.com ayhoo.com yahoo.om""",
        "hotmail.com": """hotmial.com hotmal.com hotmil.com hotmai.com hotnail.com homail.com hotmaill.com htomail.com
            hotmail.con hotmail.co hotmali.com hotmall.com hormail.com otmail.com hotmail.cm hotmil.con""",
        "outlook.com": "outlok.com outloo.com oulook.com outlook.con outloook.com outlook.co outllok.com outluk.com",
        "icloud.com": "iclould.com icoud.com icloud.con iclou.com icluod.com icould.com icloud.co",
        "aol.com": "aol.con aol.co aol.cm aoll.com aool.com aol.comm",
        "comcast.net": "comcat.net comcst.net comcast.ner comacst.net concast.net comcast.nte",
        "sbcglobal.net": "sbcglobal.com sbcgloble.net sbcgobal.net sbcglbal.net sbcglobal.nett",
        "bellsouth.net": "bellsoth.net belsouth.net bellsouth.ner",
        "verizon.net": "verzon.net verizion.net verizon.ent",
        "att.net": "att.ner att.nte attt.net",
        "msn.com": "msn.con msn.co",
        "live.com": "live.con live.comm",
        "ymail.com": "ymail.con ymial.com",
        "me.com": "me.con",
        "hotmail.co.uk": "hotmial.co.uk hotmal.co.uk",
        "yahoo.fr": "yaho.fr yahooo.fr",
        "yahoo.co.uk": "yaho.co.uk",
        "smith-family.com": "smith-family.con smith-family.comm",
        "lees-garage.net": "lees-garage.ner",
    }.items()
    for slip in slips.split()
]
#: Real domains close to others: only perhaps misspelt, so that the lead stays good.
PERHAPS = [
    ("comcast.com", "comcast.net"),
    ("gmail.fr", "gmail.com"),
    ("hitmail.com", "hotmail.com"),
]
DISPOSABLE = """mailinator.com sub.mailinator.com guerrillamail.com 10minutemail.com yopmail.com trashmail.com
    temp-mail.org sharklasers.com throwawaymail.com maildrop.cc getnada.com dispostable.com fakeinbox.com mytemp.email
    tempmail.com grr.la spamgourmet.com mailnesia.com mintemail.com mohmal.com emailondeck.com""".split()
#: Addresses that stand for no mailbox.
PLACEHOLDERS = """test@gmail.com test@test.com test123@yahoo.com testing+7@aol.com TEST@example.com te.st@gmail.com
    ann.lee@example.com ann@mail.example.com ann@test.com none@none.com none@gmail.com
    noemail@noemail.com noemail@gmail.com no-email@yahoo.com asdf@asdf.com asdf@gmail.com asdfgh@yahoo.com
    asdfasdf@hotmail.com qwerty@yahoo.com qwerty123@aol.com zxcvbn@gmail.com jkljkl@gmail.com na@na.com na@gmail.com
    a@a.com a@a.a abc@gmail.com abc@abc.com xxx@xxx.com x@x.com fake@fake.com fakeemail@yahoo.com gmail@gmail.com
    email@email.com name@gmail.com youremail@gmail.com 123@gmail.com 123456@yahoo.com 1234567890@gmail.com
    aaaa@gmail.com xxxxx@aol.com fuckyou@yahoo.com fuck.you@gmail.com goaway@aol.com nunya@yahoo.com
    donotcall@gmail.com abc123@gmail.com null@gmail.com undefined@yahoo.com nobody@nobody.com foo@bar.com
    admin@gmail.com info@yahoo.com user@domain.com someone@yourdomain.com notreal@gmail.com
    testuser@outlook.com""".split()

#: Providers, firms, schools and public bodies whose people buy things; small neighbours of big names among them.
REAL_DOMAINS = """
    gmail.com googlemail.com yahoo.com ymail.com rocketmail.com hotmail.com outlook.com live.com msn.com passport.com
    windowslive.com icloud.com me.com mac.com aol.com aim.com netscape.net cs.com compuserve.com comcast.net
    verizon.net att.net sbcglobal.net bellsouth.net ameritech.net pacbell.net swbell.net snet.net prodigy.net
    flash.net nvbell.net cox.net charter.net spectrum.net roadrunner.com rr.com twc.com tampabay.rr.com nc.rr.com
    austin.rr.com socal.rr.com kc.rr.com brighthouse.com earthlink.net mindspring.com peoplepc.com juno.com
    netzero.net netzero.com optonline.net optimum.net suddenlink.net cablevision.com centurylink.net
    centurytel.net embarqmail.com q.com qwest.net frontier.com frontiernet.net citlink.net windstream.net
    alltel.net tds.net mchsi.com mediacombb.net wowway.com wideopenwest.com rcn.com hughes.net wildblue.net
    cableone.net sparklight.net bresnan.net midco.net metronetinc.net consolidated.net fuse.net zoominternet.net
    armstrong.com atlanticbb.net breezeline.net ptd.net epix.net hawaiiantel.net gci.net mtaonline.net acsalaska.net
    fastmail.com fastmail.fm protonmail.com proton.me pm.me tutanota.com tuta.io hey.com zoho.com zohomail.com
    mail.com email.com usa.com consultant.com engineer.com post.com techie.com gmx.com gmx.us gmx.net gmx.de web.de
    t-online.de freenet.de posteo.de mailbox.org arcor.de orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr
    libero.it virgilio.it tin.it alice.it tiscali.it telefonica.net terra.es terra.com.br uol.com.br bol.com.br
    ig.com.br globo.com prodigy.net.mx yahoo.com.mx hotmail.es hotmail.fr hotmail.it hotmail.de hotmail.co.uk
    live.co.uk live.ca live.fr live.nl live.com.mx live.com.au outlook.fr outlook.de outlook.es outlook.com.br
    outlook.com.au yahoo.ca yahoo.co.uk yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.in yahoo.co.in yahoo.co.jp
    yahoo.com.br yahoo.com.ar yahoo.com.au yahoo.com.ph yahoo.com.sg yahoo.com.vn btinternet.com sky.com
    virginmedia.com ntlworld.com blueyonder.co.uk talktalk.net o2.co.uk shaw.ca rogers.com bell.net sympatico.ca
    telus.net videotron.ca cogeco.ca eastlink.ca bigpond.com optusnet.com.au iinet.net.au xtra.co.nz rediffmail.com
    qq.com 163.com 126.com sina.com sohu.com foxmail.com naver.com daum.net hanmail.net nate.com mail.ru yandex.ru
    yandex.com rambler.ru bk.ru inbox.ru list.ru ukr.net wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz
    abv.bg walla.com walla.co.il bezeqint.net ziggo.nl kpnmail.nl xs4all.nl telenet.be skynet.be bluewin.ch
    hispeed.ch gmx.ch gmx.at aon.at online.no telia.com bredband.net telenor.dk hotmail.se live.se spray.se
    inbox.com lycos.com excite.com mailcity.com myself.com usa.net fastmail.us runbox.com hushmail.com lavabit.com
    startmail.com disroot.org riseup.net duck.com mozmail.com privaterelay.appleid.com relay.firefox.com
    simplelogin.com anonaddy.com passmail.net ptsd.org utexas.edu cs.utexas.edu student.austincc.edu harvard.edu
    alumni.stanford.edu umich.edu g.ucla.edu asu.edu mail.mil army.mil us.af.mil navy.mil usmc.mil va.gov irs.gov
    state.tx.us nyc.gov lausd.net k12.wa.us houstonisd.org k12.hi.us walmart.com amazon.com fedex.com ups.com
    target.com homedepot.com lowes.com kroger.com bankofamerica.com wellsfargo.com chase.com citi.com usbank.com
    ford.com gm.com ge.com ibm.com hp.com intel.com microsoft.com apple.com google.com oracle.com cisco.com
    boeing.com lmco.com northropgrumman.com kp.org mayo.edu hcahealthcare.com statefarm.com allstate.com geico.com
    kw.com remax.net century21.com coldwellbanker.com exprealty.com compass.com smith.com lee.org jones.family
    thesmiths.us garcia.me nguyen.co example-firm.com lees-garage.com joes-pizza.biz acme.info mychurch.faith
    startup.io startup.ai app.dev studio.design shop.store law.legal clinic.health team.club realtor.com dr.com
    gail-jones.com gomail.com.ua outlooks.org email.cz mail.ee mail.de mail.bg inbox.lv hot.ee online.de
    fmail.co.uk zmail.ru imail.org nmail.org yeah.net aliyun.com tom.com
""".split()
