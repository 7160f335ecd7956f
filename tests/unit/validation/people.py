"""Real-looking people: what a rule must let pass. Good cases matter more than bad ones."""

# Lists, not code: user agents and names are kept one after the other.
# ruff: noqa: E501

from __future__ import annotations

#: Full names that people really bear, from many languages; short, long, rude-looking and mashed-looking ones first.
NAMES = tuple(
    name.strip()
    for name in """
    Vi Ng, Jo O, Xi Li, Bo Xu, Wei Ng, Ai Vu, Ha Le, Yu Wu, An Ho, Su Yi, Oo Oo, Ye Aa, Kim Na, Nan Nil, Chris Null,
    Jennifer Null, Tess Tesfaye, Jon Tester, Kevin Sample, Wojciech Szczęsny, Grzegorz Brzęczyszczykiewicz,
    Zbigniew Krzyszkowski, Jakub Błaszczykowski, Petr Krč, Jan Vlk, Jiří Strnad, Ota Smrž, Ivana Brž, Gwyn Llwyd,
    Rhys Gwynn, Cwm Bryn, Gaylord Focker, Gaylord Perry, Fanny Cox, Dick Butkus, Randy Dyke, Anita Wang,
    Dong Wang, Phuc Dang, Phuc Nguyen, Bich Tran, Dung Pham, My Dung, Fuk Lam, Sum Ting, Ho Lee, Long Wang, Titus Hooker,
    Rusty Kuntz, Wendy Cumming, Harry Beaver, Peter Assman, Ima Hogg, Candy Barr, Crystal Ball, Rob Banks, Paige Turner,
    Jane Dow, John Smith, Mary Major, Bart Simpson, Lara Croft, Indiana Jones, Harry Potter, James Bond, Michael Jackson, Taylor Swift, Chris Evans,
    Donald Trump, Jesus Garcia, Angel Cruz, Mickey Rourke, Mickey Mantle, Minnie Driver, Donald Sutherland,
    Daisy Johnson, Bruce Wayne, Clark Kent, Peter Parker, Santa Maria, Claus Nielsen, Bugs Moran, Duck Jones,
    Trew Wert, Karl Wert, Sandra Trew, Ewa Weroniuk, Amy Hadsall, Folake Yeyeye, Sadaf Fahad, Safa Assaf, Jalal Halas,
    Asha Dass, Das Dasgupta, Aslak Aas, Gal Gadot, Saad Haddad, Fadl Fadlallah, Flask Salk, Jj Watt, Aj Smith, TJ Miller,
    JD Vance, CJ Cregg, J.D. Salinger, R. Kelly, Anne-Marie Duff, Jean-Luc Picard, Mary-Kate Olsen, Siân Phillips,
    Miles O'Brien, Shaquille O'Neal, Conan O’Brien, Beyoncé Knowles, Zoë Kravitz, Renée Zellweger, Chloë Moretz,
    Björk Guðmundsdóttir, Søren Kierkegaard, Åsa Öberg, Þór Ægisson, Jürgen Groß, Łukasz Żółć, Şükrü Öztürk,
    Dvořák Čapek, Nguyễn Văn, Đặng Thái, Müller Strauß, José Ñandú, Iñigo Montoya, Zsa Gábor, Csaba Szűcs, György Nagy,
    Ludwig van Beethoven, Otto von Bismarck, Vincent van Gogh, Oscar de la Hoya, Maria dos Santos, Ahmed bin Salman,
    Ali al Hassan, Leonardo da Vinci, Juan de la Cruz, Charles de Gaulle, Robin van Persie, Johan ter Haar, Ana y Vega,
    Martin Luther King, Billy Bob Thornton, Mary Ann Evans, Jo Ann Davis, Sammy Davis Jr, Robert Downey Jr., Henry Louis III,
    Priyanka Chopra, Venkatesh Ramakrishnan, Subrahmanyan Chandrasekhar, Thiruvalluvar Krishnamurthy, Indira Gandhi,
    Mohammed Abdulrahman, Abdul Qadir, Nkechi Nwosu, Ngozi Okonjo-Iweala, Chukwuemeka Odumegwu, Mbwana Samatta,
    Kwame Nkrumah, Ndidi Mbah, Ngaio Marsh, Tshepo Mokoena, Xolani Zulu, Nqobile Khumalo, Thandiwe Ntshinga,
    Hrvoje Brkić, Krsto Krnjević, Srđan Mrkušić, Tvrtko Škrtel, Goran Grgić, Zdzisław Brzeziński, Przemysław Trytko,
    Mstislav Rostropovich, Vsevolod Meyerhold, Svyatoslav Richter, Olha Tkachenko, Yevhen Shchedryk, Vyacheslav Zhuk,
    Hans Schwarzkopf, Heinrich Schmidtchen, Arthur Rimsky-Korsakov, Knut Knudsen, Mikhail Baryshnikov, Fyodor Mordvinov,
    Keiko Ito, Aoi Ueo, Yuu Oe, Ichiro Oh, Hyun-jin Ryu, Seo-yeon Kwak, Zhang Wei, Xue Qing, Qiu Xiaolong, Cixin Liu,
    Hsieh Tsung, Tzu Hsuan Hsu, Ngo Dinh Diem, Thuy Trang, Aung San, U Thant, Ne Win, Khin Nyunt, Suu Kyi, Sukarno Putri,
    Siti Nurhaliza, Made Wijaya, Kalani Kealoha, Keliʻi Kapuāiwa, Leilani Kaʻahumanu, Aaliyah Haughton, Aaron Aalto,
    Eeva Aaltonen, Iiro Rääkkönen, Kimi Räikkönen, Aino Ääri, Väinö Yrjö, Saara Aalto, Uuno Uusitalo, Lee Ann, Ana Sá,
    João Araújo, Conceição Gonçalves, Thiago Assunção, Xabi Alonso, Xochitl Quetzal, Itzel Xicotencatl, Tlaloc Ixtli,
    Wynn Flynn, Lynn Byrd, Sky Hymn, Myrrh Glynn, Pryd Hywl, Bryn Fry, Cy Lynch, Rhys Pryce, Nye Bevan, Gwyneth Myfanwy,
    Al Gore, Ty Cobb, Ed Asner, Cy Young, Bo Jackson, Jo March, Di Ma, Io Bell, Ur Ben, Eli Roth, Uri Geller, Amy Poehler,
    Ana Lindqvist, Abe Abcede, Dee Dee, Kiki Dee, Lulu Lee, Mimi Rogers, Coco Rocha, Bibi Anders, Gigi Hadid, Zaza Pachulia,
    Tata Young, Didi Conn, Jay Jay, Lala Anthony, Nene Leakes, Kaka Leite, Toto Wolff, Fifi Box, Titi Henry, Sisi Yemmie,
    Barb Dwyer, Sue Flay, Art Major, Bill Board, Drew Peacock, Stan Still, Holly Wood, Faith Christmas, Noel Christmas,
    Eve Adams, April May, June Summers, Sunday Adeyemi, Monday Obi, Friday Okon, Summer Rain, River Phoenix, Lake Bell,
    Virginia Woolf, Georgia Brown, Carolina Herrera, Dakota Fanning, Austin Powers, Dallas Green, Houston Texas, Paris Hilton,
    Major Major, General Lee, Prince Rogers, King James, Queen Latifah, Duke Ellington, Earl Warren, Marquis Grissom,
    Doctor Dre, Mister Cee, Precious Moments, Lovely Singh, Happy Singh, Lucky Ali, Baby Varma, Honey Singh, Sweety Kaur,
    Fook Mee, Hung Lo, Wee Lim, Pee Wee, Poo Nani, Kok Wong, Suk Park, Bum Suk, Young Ho, Chew Kok, Ah Chong, Ooi Ee,
    Khaw Boon, Teo Ng, Ong Eng, Ung Huot, Eng Ung, Ek Sonn, Ouk Oeun, Srey Mom, Phat Pham, Tung Bui, Mai Lai, Hoa Ma,
    Smith Smith, William Williams, Thomas Thomas, Singh Singh, Ali Ali, Lee Lee, Jose Jose, Boutros Boutros-Ghali
    """.replace("\n", " ").split(",")
)

#: Names as people write them, and the form that sales can use.
CASED = (
    ("ANN", "Ann"),
    ("ann", "Ann"),
    ("mary ann", "Mary Ann"),
    ("MCDONALD", "McDonald"),
    ("o'brien", "O'Brien"),
    ("O’BRIEN", "O'Brien"),
    ("smith-jones", "Smith-Jones"),
    ("SZCZĘSNY", "Szczęsny"),
    ("ng", "Ng"),
    ("NG", "Ng"),
    ("TJ", "TJ"),
    ("DeShawn", "DeShawn"),
    ("van der Berg", "van der Berg"),
    ("BEETHOVEN JR", "Beethoven Jr"),
    ("king iii", "King III"),
    ("  Ann  Lee ", "Ann Lee"),
    ("Ann,", "Ann"),
    ('"Ann"', "Ann"),
    ("Null", "Null"),
    ("NA", "Na"),
)

#: Names that nobody bears.
MADE_UP = tuple(
    tuple(name.strip().split("|"))
    for name in """
    asdf|asdf, Asdf|Smith, John|asdfgh, qwerty|qwerty, QWERTY|uiop, sdfsdf|sdfsdf, dfgdfg|dfg, hjkhjk|jkl, asdasd|asd,
    zxcv|zxcv, zxcvbnm|x, lkjh|lkjh, aaaa|bbbb, xxxx|xxxx, aaa|aaa, xxx|yyy, abababab|a, jkljkl|jkl, fdsa|fdsa, asdfa|sdfas,
    sdfkjh|dkfjg, ghjkl|ghjkl, bcvbc|nbvnb, rtyrty|tyutyu, asfd|adsf, 12345|67890, ???|!!!, 1|2, abc|xyz, foo|bar, foo|,
    blah|blah, fake|name, first|last, firstname|lastname, First Name|Last Name, no|name, noname|, anonymous|anonymous,
    Mickey|Mouse, MICKEY|MOUSE, minnie|mouse, Donald|Duck, Bugs|Bunny, Santa|Claus, Darth|Vader, Luke|Skywalker,
    Spongebob|Squarepants, Scooby|Doo, Winnie|The Pooh, http://spam.example|x, Ann|www.spam.example,
    ann@gmail.com|Lee
    """.replace("\n", " ").split(",")
)

#: Names of somebody trying the form.
TESTS = (
    ("test", "test"),
    ("Test", "Test"),
    ("TEST", "TESTER"),
    ("test1", "test2"),
    ("Test", "Lead"),
    ("Test", "User"),
    ("testing", "testing"),
    ("Testing", "Smith"),
    ("Test", ""),
    ("tester", "test"),
    ("test", "asdf"),
)

MAIL_DOMAINS = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com", "comcast.net", "verizon.net",
    "att.net", "me.com", "live.com", "msn.com", "sbcglobal.net", "bellsouth.net", "protonmail.com", "mail.com",
    "duck.com", "privaterelay.appleid.com", "smith-family.org", "cs.utexas.edu", "army.mil", "state.tx.us",
)  # fmt: skip

#: A ZIP of every kind of place, with its state.
ZIPS = (
    ("78701", "TX"), ("10001", "NY"), ("90210", "CA"), ("60601", "IL"), ("02108", "MA"), ("33101", "FL"),
    ("98101", "WA"), ("80202", "CO"), ("30303", "GA"), ("85001", "AZ"), ("19103", "PA"), ("48226", "MI"),
    ("20001", "DC"), ("00901", "PR"), ("96910", "GU"), ("99501", "AK"), ("96813", "HI"), ("04101", "ME"),
    ("97201", "OR"), ("89101", "NV"), ("73102", "OK"), ("37203", "TN"), ("28202", "NC"), ("53202", "WI"),
)  # fmt: skip

#: Browsers that consumers use, old and odd ones too.
USER_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 14; SM-S928U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; U; Android 9; en-US; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/78.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F90 [FBAN/FBIOS;FBAV/470.0;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS]",
    "Mozilla/5.0 (Linux; Android 13; Pixel 7 Build/TQ3A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0 Mobile Safari/537.36 Instagram 300.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/300.0 Mobile/15E148 Safari/604.1",
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 12; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.3 like Chrome/120.0 Safari/537.36",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
)  # fmt: skip
BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
    "python-requests/2.32.0", "Python-urllib/3.11", "python-httpx/0.28", "aiohttp/3.9", "curl/8.5.0", "Wget/1.21",
    "Go-http-client/2.0", "Java/17.0.2", "Apache-HttpClient/4.5", "okhttp/4.12.0", "axios/1.7.2", "node-fetch/1.0",
    "PostmanRuntime/7.36.0", "insomnia/8.0", "libwww-perl/6.67", "Scrapy/2.11 (+https://scrapy.org)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "facebookexternalhit/1.1", "Selenium/4.0",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Puppeteer",
)  # fmt: skip
