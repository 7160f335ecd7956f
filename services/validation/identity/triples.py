"""Which three letters stand side by side in names, so that letters from a cat on the keyboard can be told.

Counted over some 100,000 names of 80 languages, written in Latin letters without accents: those of the packages
faker 40.54 and mimesis 22.2 (each triple in two names or more), the 15,000 commonest first and last names of the
United States, and the commonest of 100 countries (in twelve or more), both of names-dataset 3.3. What real people are
called decides, not what a language allows.
"""

from __future__ import annotations

#: Each word: two letters and every letter that follows them; `^` before the first letter and `$` after the last.
_PACKED = """
    ^aabcdefghijklmnopqrstuvwxyz ^bacdeghijklmoprstuvwyz ^cabceghijklmnoprstuvwyz ^dabcdefghijklmoprstuvwyz
    ^eabcdefghijklmnopqrstuvwxyz ^facdefghijklortuy ^gabcdehijklmnoprstuvwyz ^habcdegijlmnoprstuvwyz
    ^iabcdefghijklmnopqrstuvwxyz ^jabcdefghijlmnoprstuvwyz ^kabcdeghijlmnoprstuvwy ^labcdeghijklmoprstuvwyz
    ^mabcdefghijklmnopqrstuvwxyz ^nabcdeghijklmnoqstuwxyz ^oabcdefghijklmnopqrstuvwxyz ^pacefghijklmnorstuy
    ^qaeinouvw ^rabcdeghijklmnorstuvwyz ^sabcdefghijklmnopqrstuvwyz ^tabcdeghijklmorsuvwxyz
    ^uabcdefghijklmnoprstuvwxyz ^vabcdeghijklmoprsuyz ^waehilmnoruy ^xaehioruyz ^yabdefghiklmnorstuvz
    ^zabdeghilmnorsuvwy aa$bcdefghijklmnpqrstuvwxyz ab$abcdehijklnorstuwyz ac$abcdefghijklmnopqrstuvyz
    ad$abcdefghijklmnorstuvwyz ae$abcdefghijklmnprstuvwyz af$abefgiklnoqrstuyz ag$abcdefghijklmnoprstuvwyz
    ah$abcdefhijklmnorstuvwyz ai$abcdefghijklmnopqrstuvwxyz aj$abcdehijklmnoprstuvwyz ak$abcdeghijklmnoprstuvwy
    al$abcdefghijklmnopqrstuvwxyz am$abcdefghijklmnoprstuvwyz an$abcdefghijklmnopqrstuvwxyz ao$bcdfghijklmnrstuvxy
    ap$acdefhiklmnoprstuy aq$aeiosuv ar$abcdefghijklmnopqrstuvwxyz as$abcdefghijklmnopqrstuvwyz
    at$abcefghijklmnoprstuvwyz au$abcdefghijklmnpqrstvwxyz av$acdegijklnorstuvy aw$acdefhiklmnorstuwyz
    ax$aefhilmorstuwxy ay$abcdefghijklmnoprstuvwyz az$abcdeghijklmnopqrstuvwyz ba$abcdefghijklmnopqrstuvwxyz
    bb$aeilorsuy bc$ehioz bd$aehiloruy be$abcdefghijklmnopqrstuvwxyz bg$ bh$acdegijlnortu
    bi$abcdeghijklmnopqrstuvwxyz bj$aeio bk$aeio bl$aceijkouy bm$a bn$aeio bo$abcdeghijklmnopqrstuvwxyz bp$
    br$acdehijklouyz bs$aehikopstu bt$aeir bu$abcdefghijklmnoqrstuwxyz bv$r bwaei by$abefhilnorsu bz$ad
    ca$abcdefghijklmnoprstuvwyz cb$er cc$aehiloruy cdaeouwy ce$abcdefgijklmnoprstuvwyz cfal cg$aehiloru
    ch$abcdefghijklmnorstuvwy ci$abcdefghijklmnoprstuvwyz cj$au ck$abdefhilmnorstuvwxyz cl$aeiouy cm$aeiou cnaeiu
    co$abcdefghijklmnopqrstuvwxyz cp$aeh cq$u cr$aeinouy cs$aehikouwy ct$aeioru cu$abcdefghiklmnopqrstvxyz cvaei
    cw$ahi cx$b cy$abdeglmnprs cz$aeikmnouy da$abcdefghijklmnopqrstuvwxyz db$aejloru dc$ahloz
    dd$abefghiklmnorstuvy de$abcdefghijklmnopqrstuvwxyz dfaeior dg$aeijorsuw dh$abcefgilmnorsuvwy
    di$abcdefghijklmnopqrstuvwxyz dj$aeiou dk$aeijov dl$aceiouy dm$aeiouy dn$aeioy do$abcdefghijklmnopqrstuvwxyz
    dp$ dquv dr$aegiouyz ds$acdeghiklmopstwy dt$bhknrs du$abcdefghijklmnopqrstuvwxyz dvaeio dw$aeioy dxa
    dy$abcdejklmnrstuy dz$aehikosuwy ea$abcdfghiklmnoprstuvyz eb$abdehijklmnorstuvy ec$acehiklmnorstuyz
    ed$abcdefghijklmnorstuvwyz ee$abcdfghijklmnpqrstuvwxyz ef$aefhijklnorstuy eg$abdefghijlmnorstuwyz
    eh$abdegilmnorstuwyz ei$abcdefghijklmnoprstuvwxyz ej$acdegiklmnorstuvz ek$abdeghiklmnorstuvwyz
    el$abcdefghijklmnopqrstuvwyz em$abcdefhiklmnoprstuvyz en$abcdefghijklmnopqrstuvwyz eo$bcdfghiklmnprstuvw
    ep$abcehiklmnoprstuwy eq$aiu er$abcdefghijklmnopqrstuvwxyz es$abcdefghijklmnopqrstuvwyz
    et$abcefghijklmnorstuvwyz eu$abcdefghijklmnprstvwxz ev$acdeghiklnorstuvyz ew$abcehiklmnopstuy
    ex$acehilnoprstuwxy ey$abcdefghijklmnorstuvwxyz ez$abcdeghijklmnoqrsuyz fa$abcdefghijklmnoqrstuvwxyz fbe fc$ao
    fdaei fe$abcdefghijklmnorstuvxyz ff$aeiklmnorstuy fg$aer fhaeilru fi$abcdefghijklmnoqrstuvxyz fj$aeo fkaeio
    fl$aeijouy fmae fn$abdefhiksty fo$abcdefgiklmnorstuvwxyz fqa fraeiouy fs$acdehiost ft$aehiorsuy
    fu$acdeghijklmnoqrstz fwai fy$adfl fza ga$abcdefghijklmnoprstuvwxyz gb$aeijloruy gc$aehouw gd$aehiouy
    ge$abcdefghijklmnorstuvwyz gfaeioru gg$aehilmorstuvy gh$abdefhilmnorstuvwy gi$abcdefghijklmnoprstuvwyz
    gj$aeiouy gk$aiou gl$aeijouy gm$aeiouz gn$abdefghijostuvy go$abcdefghijklmnoprstuvwyz gp$ae gquv gr$abeginouyz
    gs$abcdeghilorstuvwy gt$aehiorsvyz gu$abcdefghijklmnoprstuvyz gv$aeio gwaeiouy gxi gy$adegilmnoprstuv gz$adioz
    ha$abcdefghijklmnopqrstuvwxyz hb$aehiouy hc$ahioru hd$aehioz he$abcdefghijklmnopqrstuvwxyz hfahioru hg$aehi
    hh$aeio hi$abcdefghijklmnopqrstuvwxyz hj$aeiou hk$aeiou hl$abegijmoqsuwy hm$abdehimouy hn$adehiknopsuy
    ho$abcdefghijklmnopqrstuvwxyz hp$aei hqi hr$abdehiklmnosuvyz hs$acdehilmnostu ht$aefhilmnorsxy
    hu$abcdefghijklmnopqrstuvwxyz hvaeio hwaeioy hy$abcdehlmnoprstuv hz$ao ia$abcdefghijklmnopqrstuvwyz
    ib$abehijlnorstuyz ic$acehijklorstuxyz id$abdefghijklmnorstuvwyz ie$abcdefghijklmnprstuvwyz if$acefiklnorstuyz
    ig$abcdefghijlmnoprstuvwy ih$aehiklnorstuy ii$abcdefghiklmnoprstuvyz ij$abcdefghijklmnoprstuvwz
    ik$abehijklmnorstuvwyz il$abcdefghijklmnopqrstuvwyz im$abcdeghiklmnoprstuwyz in$abcdefghijklmnopqrstuvwxyz
    io$abcdefgijklmnprstuvwz ip$acefhiklmnoprstuy iq$abeinoru ir$abcdefghijklmnoprstuvwyz
    is$abcdefghijklmnopqrstuvwyz it$abcefghijklmnoprstuvwyz iu$abcdfiklmnorstxz iv$aceiknoruy iw$aeiou
    ix$abceilost iy$aeilmouy iz$abcdeghiklmnopqrsuvwyz ja$abcdefghijklmnopqrstuvwxyz jb$abeior jc$aehikosxz
    jd$aeiouz je$abcdefghijklmnoprstuvwyz jf$ jg$aegi jh$aeiou ji$abcdeghijklmnoprstuvwyz jj$a jk$aehimosu
    jl$aeilosu jm$aeimou jn$acdehikostuv jo$abcdefghijklmnoprstuvwyz jp$eu jr$abehikotu js$abceiklstz
    jt$acehikmostuy ju$abcdefghijklmnoprstuvwz jv$eio jw$aei jy$or jz$aei ka$abcdefghijklmnoprstuvwxyz kb$aeiloru
    kc$aehiu kd$aeio ke$abcdefghijklmnoprstuvwyz kfo kg$aeouw kh$abdeijlmorstuvwy ki$abcdefghijklmnoprstuvwyz
    kj$aeo kk$aeimouvy kl$aeiouy km$aeiou knaeiouy ko$abcdefghijklmnoprstuvwyz kp$aeo kr$aeimosuyz
    ks$abcdeghimnostuyz kt$aehiosu ku$abcdefghijklmnoprstuvwyz kv$aeino kwaeiou kx$ ky$aceilmnoprstuy kz$ae
    la$abcdefghijklmnopqrstuvwxyz lb$aehijloruy lc$aehikosuyz ld$abefghijkmnorstuvwy le$abcdefghijklmnopqrstuvwxyz
    lf$adefghiklorstuvw lg$aehijoru lh$aeijosu li$abcdefghijklmnopqrstuvwxyz lj$aeikouz lk$abehijklmnosuvy
    ll$abcdefghikmnopqrstuvwyz lm$abdefghikloqrstuvwy ln$aeikouy lo$abcdefghijklmnoprstuvwxyz lp$adehioprsuz
    lqaiuv lr$aeiouy ls$abcdehiklmopstuwyz lt$abeghijkmorstuwyz lu$abcdefghijklmnopqrstuvwxyz lv$aefghiory lwaeioy
    lx$a ly$abcdefgijklmnorstuvwxyz lz$abehilmou ma$abcdefghijklmnopqrstuvwxyz mb$aehijlorsuwy
    mc$abcdefghiklmnopqrstuvwz md$aehilou me$abcdefghijklmnoqrstuvwxyz mfaeioru mg$aeoru mh$aegilmnorstu
    mi$abcdefghijklmnoqrstuxyz mj$aeio mk$aehiouv ml$aeijouy mm$abdeilosuy mn$acegioqty
    mo$abcdefghijklmnoprstuvwxyz mp$abefhiklnoprstuy mqauv mr$aeikouyz ms$abcdehiklostuyz mt$aehioruyz
    mu$abcdefghijklmnopqrstuvxyz mv$aeiu mwaeio mx$ my$acdeghiklmnrstuz mz$aeiou na$abcdefghijklmnopqrstuvwxyz
    nbaehijlorsu nc$aehijklorstuwyz nd$abdefghijklmnoqrstuvwyz ne$abcdefghijklmnopqrstuvwxyz nfaehijloru
    ng$abcdefghijklmnopqrstuvwxyz nh$aeilosuy ni$abcdefghijklmnopqrstuvwxyz nj$aehiouwy nk$abefhijklmnoprstuvwyz
    nlaeijlmouy nm$aehinouy nn$abcdefghijlmorstuvy no$abcdefghijklmnoprstuvwxyz npaehioru nq$aiouv nraeioruy
    ns$abcdefghijklmoprstuvwyz nt$abcefghijklmnorstuvwxyz nu$abcdefghijklmnoprstuvwyz nvaeioy nwaeioruy nx$ahi
    ny$abcdefghiklmnoqrstuvxz nz$aehilmosuwy oa$abcdghiklmnoqrstvxyz ob$abcdehijklnorsuy oc$acehiklnoqrstuyz
    od$abcdefghijklmnorstuvwyz oe$bcdefghijklmnprstuvwxyz of$adefhiklmnorstuy og$abdeghilmnorstuwy
    oh$adeijlmnorstuvy oi$abcdefgjklmnoprstuvxz oj$abcdeghiklmnostuwz ok$abcdeghiklmnoprstuwy
    ol$abcdefghijklmnoprstuvwyz om$abcdefghijklmnopqrstuvwyz on$abcdefghijklmnopqrstuvwyz
    oo$abcdefghijklmnpqrstvyz op$acefhiklmnoprstuwyz oq$iou or$abcdefghijklmnopqrstuvwyz
    os$abcdeghijklmnopqrstuvwyz ot$abcefhiklmnorstuvwyz ou$abcdefghijklmnopqrstvwxyz ov$acdegiklnorsuy
    ow$abcdeijklmnorstuyz ox$aefhiloqwxy oy$abcdefgiklmnorstuv oz$abcdeghijklmnopstuwyz
    pa$abcdefghijklmnopqrstuvwxyz pbeu pc$aehiz pdaei pe$abcdeghijklmnopqrstuwxyz pf$aeil pg$ ph$aeinorsuy
    pi$acdefghijklmnopqrstuvwxyz pj$e pk$aeiouw pl$aceiou pm$a pnagi po$abcdefghijklmnoprstuvwyz pp$aehilorsuy
    praeiouyz ps$acdehikostuyz pt$aehiou pu$acdeghijklmnoprstuyz pwo py$celnrstz pz$ qa$abdfhijlmnrstwyz qba
    qe$delmnrt qi$abdlmnprsuyz qli qma qn$a qo$brsv qrai qsao qu$abdehilmnorsty qvei ra$abcdefghijklmnopqrstuvwxyz
    rb$aehijlorsuy rc$aehikloqrsuyz rd$acehijlmnoqrstuwyz re$abcdefghijklmnopqrstuvwxyz rf$aefhilmorsu
    rg$abdefhijlmnoqrstuvy rh$aeijmouvy ri$abcdefghijklmnopqrstuvwxyz rj$aeiou rk$aehijklmnopstuvwxyz
    rl$abdeilmostuy rm$abeghijlostuyz rn$abcdefghiklmopqrstuvwy ro$abcdefghijklmnopqrstuvwxyz rp$aehikloprsu
    rq$auv rr$aegimnosuy rs$abcdeghiklmopstuvwyz rt$abcefghijklmnorstuvwyz ru$abcdefghijklmnopqrstuvwxyz rv$aeiloy
    rwaehio rx$aeh ry$abcdeghijklmnorstuvwyz rz$abcehiklmnosuy sa$abcdefghijklmnopqrstuvwxyz sb$aeijoruy
    sc$aehiloruy sd$aeiort se$abcdefghijklmnopqrstuvwxyz sf$aeijor sg$aehijoru sh$abcdefghiklmnopqrtuvwy
    si$abcdefghijklmnopqrstuvwxyz sj$aeou sk$aehijlorsuy sl$aeijlouy sm$aeioruy sn$aeijouy
    so$abcdefghijklmnoprstuvwyz sp$aehiloruy squ sr$adeioruy ss$abcdefhiklmnorstuwyz st$abcdefghijklmnoprstuvwy
    su$abcdefghijklmnoprstuvwyz sv$aeior sw$aeio sy$abcdegiklmnoprstuv sz$aceiklmnoprtuvwy
    ta$abcdefghijklmnopqrstuvwxyz tb$aejor tc$aehloz td$aio te$abcdefghijklmnopqrstuvwxyz tf$aeijor tg$aeou
    th$abcefgijklmnorstuvwyz ti$abcdefghijklmnopqrstuvwxyz tj$aeiou tk$aeinou tl$aehiouy tmaeiou tn$aeiouy
    to$abcdefghijklmnopqrstuvwxyz tpah tr$abeilnouyz ts$abcdefhikmnopstuvwyz tt$abcefghijklmnorsuwy
    tu$abcdefghijklmnoprstuvwyz tvaeio twaeioruy tx$a ty$acegijklmnopqrstuy tz$aefghiklmnoprsuvwy
    ua$abcdfghijklmnpqrstuvxyz ub$abcehijklnorsuwy uc$acehijklnorsuyz ud$abdefghijklmnorstuvwyz
    ue$abcdefghijklmnorstuvwyz uf$aefhiklmnorstuy ug$abcdeghilmnorstuw uh$aehiklmnorstuwy
    ui$abcdefghijklmnopqrstvyz uj$adeiklotu uk$aehiklmnorstuvwy ul$abcdefghijklmnopqrstuvwxyz
    um$abdefghiklmnoprstuvwyz un$abcdefghijklmnoprstuvwyz uo$bcdghiklmnprstvz up$acefhiklnoprstu uq$aeimu
    ur$abcdefghijklmnopqrstuvwyz us$abcdefghiklmnopqrstuvwyz ut$abcefghijklmnorstuvwyz uu$bdklmnrstv uv$aeioruy
    uw$aehilmos ux$aeiltu uy$acegiklnoprstuv uz$acdehilmnosuyz va$abcdefghijklmnopqrstuvyz vb$ vc$ahio vdaeiou
    ve$abcdefghijklmnopqrstuvyz vfei vg$aeiu vhei vi$abcdefghijklmnopqrstuvyz vj$aeo vk$aeoy vl$aceijknou vm$
    vnaegi vo$abcdeghijklmnoprstuvyz vp$ vr$abeiotu vs$aceikt vtas vu$acdegijklmnorstyz vvay vy$adeinst vz$ae
    wa$abcdefghijklmnopqrstuvwxyz wbeory wceoz wd$aehiy we$abcdeghijklmnrstuvxyz wfio whaeinouy
    wi$abcdefghijklmnoprstvwyz wja wk$aeios wlaeikosty wm$aeoy wn$adefilnosty wo$abcdefghijklmnoprstuwyz wpo
    wraeioyz ws$aehiklotz wt$ho wu$abcdehijklmnorst wwa wy$acdeglmnprs wzeiy xa$abcdhiklmnrstvy xbuy xcaho
    xe$eilmnqry xfio xhaeimou xi$acdeilmnostuyz xl$aei xmaei xnae xo$clnostv xpo xqu xrai xs$aiot xt$aeio
    xu$adelmnrs xweio xx$ xy$os xza ya$abcdefghijklmnopqrstuvwxyz yb$aeijnoruy yc$aehijkloruyz yd$aehilnorsuy
    ye$abcdefghiklmnoprstuvwyz yf$aefinoru yg$aefgijmosu yh$aeilnoru yi$abcdefghiklmnoprstuwyz yjaeo yk$aefiklostu
    yl$adefgiklnostuvwy ym$abceikopsuy yn$acdeghijklmnostuv yo$abcdeghijklmnoprstuvy yp$aehikoprsu yqu
    yr$abcdefghijklmnorstuvwy ys$aehiklopstuyz yt$aehiklnorstu yu$abcdeghijklmnprstuvyz yvaeinor ywaeio yx$
    yy$adeinotu yz$aeio za$abcdefghijklmnopqrstuvwxyz zbaeiory zcaiouz zd$aeiorz ze$abcdefghijklmnopqrstuvwyz zfu
    zgaehiou zh$adeiopu zi$abcdefghijklmnopqrstuvwxyz zja zk$aeilouy zl$aeiouy zmaeiouy znaeioy
    zo$abcdefghijklmnoprstuvwyz zpaeiy zqu zraeio zs$aceilou zt$aeioru zu$abcdefghijklmnoprstvwyz zvaeio zwaeio
    zy$abcdgjklmnprstwz zz$aeilmouy
"""  # fmt: skip

TRIPLES = frozenset(packed[:2] + last for packed in _PACKED.split() for last in packed[2:])
