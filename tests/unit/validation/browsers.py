"""User agents of people, as they stand in access logs."""

# One user agent a line, however long.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROMES = (
    "142.0.0.0",
    "139.0.7258.66",
    "131.0.6778.135",
    "120.0.0.0",
    "109.0.5414.120",
    "88.0.4324.190",
    "49.0.2623.112",
)
_DESKTOPS = (
    "Windows NT 10.0; Win64; x64", "Windows NT 6.1; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
    "X11; CrOS x86_64 14541.0.0", "X11; Ubuntu; Linux x86_64",
)  # fmt: skip
_PHONES = (
    "Linux; Android 15; Pixel 9 Pro", "Linux; Android 14; SM-S928U", "Linux; Android 10; K", "Linux; Android 13; SM-A136U",
    "Linux; Android 12; moto g power (2022)", "Linux; Android 11; LM-K500", "Linux; Android 9; SM-J737A",
    "Linux; Android 8.1.0; CUBOT_NOTE_S", "Linux; Android 7.0; CUBOT CHEETAH 2", "Linux; Android 10; OPPO A33",
    "Linux; Android 13; 2201117TY", "Linux; Android 12; Redmi Note 9S", "Linux; Android 6.0.1; SAMSUNG-SM-G900A",
    "Linux; Android 11; REVVL 4", "Linux; Android 10; TECNO KE5", "Linux; Android 9; Infinix X650", "Linux; Android 13; T671H",
    "Linux; Android 5.1.1; KFGIWI", "Linux; Android 4.4.2; en-us; LGMS323", "Linux; Android 14; motorola edge 2023",
    "Linux; Android 12; BLU VIEW 3", "Linux; Android 11; Nokia G20", "Linux; Android 13; CPH2515", "Linux; Android 11; DOOGEE S96Pro",
)  # fmt: skip
_IPHONES = ("18_1", "17_6_1", "17_0", "16_7_10", "15_8_3", "14_4_2", "12_5_7", "10_3_3", "9_3_5")


def _browsers() -> Iterator[str]:
    for system, chrome in product(_DESKTOPS, _CHROMES):
        yield f"Mozilla/5.0 ({system}) {_WEBKIT} Chrome/{chrome} Safari/537.36"
    for system, brand in product(
        _DESKTOPS[:3],
        ("Edg/142.0.3595.53", "OPR/119.0.0.0", "Vivaldi/7.1.3570.39", "YaBrowser/24.10.0.0", "Brave/1.73", "Avast/131.0.0.0",
         "AVG/130.0.0.0", "CCleaner/128.0.0.0", "Norton/129.0.0.0", "DuckDuckGo/7", "Edge/18.19045", "Whale/3.28.266.14"),
    ):  # fmt: skip
        yield f"Mozilla/5.0 ({system}) {_WEBKIT} Chrome/131.0.0.0 Safari/537.36 {brand}"
    for phone, chrome in product(_PHONES, ("142.0.0.0", "119.0.6045.193")):
        yield f"Mozilla/5.0 ({phone}) {_WEBKIT} Chrome/{chrome} Mobile Safari/537.36"
    for phone, samsung in product(_PHONES[:5], ("27.0", "23.0", "16.2", "4.0")):
        yield f"Mozilla/5.0 ({phone}) {_WEBKIT} SamsungBrowser/{samsung} Chrome/115.0.0.0 Mobile Safari/537.36"
    for version in _IPHONES:
        phone = f"iPhone; CPU iPhone OS {version} like Mac OS X"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Version/{version.replace('_', '.')} Mobile/15E148 Safari/604.1"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} GSA/345.0.703172388 Mobile/15E148 Safari/604.1"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} EdgiOS/131.0.2903.68 Version/17.0 Mobile/15E148 Safari/604.1"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/15E148 DuckDuckGo/7 Safari/605.1.15"
        yield (
            f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/22B83 [FBAN/FBIOS;FBAV/489.0.0.53.98;FBBV/664312345;FBDV/iPhone14,5;"
            "FBMD/iPhone;FBSN/iOS;FBSV/18.1;FBSS/3;FBID/phone;FBLC/en_US;FBOP/5;FBRV/0]"
        )
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/22B83 Instagram 357.1.0.27.100 (iPhone14,5; iOS {version}; en_US; en; scale=3.00; 1170x2532; 661239321)"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/15E148 musical_ly_37.2.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en Region/US RevealType/Dialog isDarkMode/0 WKWebView/1 BytedanceWebview/d8a21c6 FalconTag/"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/15E148 [LinkedInApp]/9.30.1234"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/15E148 Snapchat/13.10.0.43 (like Safari/8618.1.15.10.15, panda)"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/15E148 [Pinterest/iOS]"
        yield f"Mozilla/5.0 ({phone}) {_APPLE} Mobile/15E148 Twitter for iPhone/10.69"
    for firefox in ("133.0", "128.0", "115.0", "102.0", "78.0", "52.0", "45.0"):
        for system in (
            "Windows NT 10.0; Win64; x64",
            "Macintosh; Intel Mac OS X 10.15",
            "X11; Linux x86_64",
            "Windows NT 6.1",
        ):
            yield f"Mozilla/5.0 ({system}; rv:{firefox}) Gecko/20100101 Firefox/{firefox}"
        yield f"Mozilla/5.0 (Android 14; Mobile; rv:{firefox}) Gecko/{firefox} Firefox/{firefox}"
    for safari, system in product(("18.1", "17.4.1", "16.6", "14.1.2", "13.1.3", "9.1.3"), ("10_15_7", "10_13_6")):
        yield f"Mozilla/5.0 (Macintosh; Intel Mac OS X {system}) {_APPLE} Version/{safari} Safari/605.1.15"
    for phone in _PHONES[:12]:
        view = f"Mozilla/5.0 ({phone} Build/TQ3A.230805.001; wv) {_WEBKIT} Version/4.0 Chrome/131.0.6778.135 Mobile Safari/537.36"
        yield f"{view} [FB_IAB/FB4A;FBAV/489.0.0.66.81;IABMV/1;]"
        yield f"{view} Instagram 357.1.0.52.100 Android (33/13; 420dpi; 1080x2177; samsung; SM-A136U; a13x; mt6833; en_US; 662944163)"
        yield f"{view} musical_ly_2023702040 BytedanceWebview/d8a21c6 trill_370204 JsSdk/1.0 NetType/4G AppVersion/37.2.4"
        yield f"{view} GSA/15.47.36.28.arm64"
        yield f"{view} Snapchat/13.12.0.40 (SM-A136U; Android 13#A136USQS5CWD3#33; gzip)"
        yield f"{view} [Pinterest/Android]"
        yield f"{view} TwitterAndroid"
        yield f"{view} Flipboard/4.3.21/5412,4.3.21.5412"


_ONES = """
Mozilla/5.0 (Mobile; Nokia 2720 Flip; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.2
Mozilla/5.0 (Mobile; GoFlip2; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.1.1
Mozilla/5.0 (Mobile; ALCATEL 4044W; rv:37.0) Gecko/37.0 Firefox/37.0 KaiOS/1.0
Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; ARM; Trident/7.0; Touch; rv:11.0; IEMobile/11.0; NOKIA; Lumia 520) like iPhone OS 7_0_3 Mac OS X AppleWebKit/537 (KHTML, like Gecko) Mobile Safari/537
Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15254
Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko
Mozilla/5.0 (Windows NT 6.3; Trident/7.0; .NET4.0E; .NET4.0C; rv:11.0) like Gecko
Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E)
Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.0; Trident/4.0; SLCC1; .NET CLR 2.0.50727)
Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)
Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)
Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534.57.2 (KHTML, like Gecko) Version/5.1.7 Safari/534.57.2
Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+
Mozilla/5.0 (BlackBerry; U; BlackBerry 9900; en) AppleWebKit/534.11+ (KHTML, like Gecko) Version/7.1.0.346 Mobile Safari/534.11+
BlackBerry9700/5.0.0.862 Profile/MIDP-2.1 Configuration/CLDC-1.1 VendorID/331
Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18
Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16
Opera/9.80 (J2ME/MIDP; Opera Mini/9.80/191.262; U; en) Presto/2.5.25 Version/10.54
Mozilla/5.0 (Linux; U; Android 12; en-us; SM-A125U Build/SP1A.210812.016; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 OPR/74.1.2254.70222
Mozilla/5.0 (Linux; U; Android 10; en-US; CPH2083) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.6.8.1318 Mobile Safari/537.36
Mozilla/5.0 (Linux; U; Android 4.0.3; en-us; KFTT Build/IML74K) AppleWebKit/535.19 (KHTML, like Gecko) Silk/3.68 like Chrome/39.0.2171.93 Safari/535.19 Silk-Accelerated=true
Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/131.4.1 like Chrome/131.0.6778.200 Safari/537.36
Mozilla/5.0 (Linux; U; Android 2.3.6; en-us; SCH-R720 Build/GINGERBREAD) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1
Mozilla/5.0 (Linux; U; Android 4.1.2; en-us; SCH-R760 Build/JZO54K) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30
Mozilla/5.0 (Linux; Android 13; SM-T220) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Mozilla/5.0 (Linux; Android 10; HarmonyOS; ELS-AN00; HMSCore 6.13.0.302) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.196 HuaweiBrowser/15.0.3.301 Mobile Safari/537.36
Mozilla/5.0 (Linux; U; Android 13; en-us; 2201117TG Build/TKQ1.221114.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.15.0-gn
Mozilla/5.0 (Linux; Android 12; V2120) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.6312.118 Mobile Safari/537.36 VivoBrowser/13.2.4.2
Mozilla/5.0 (Linux; U; Android 13; en-us; CPH2387 Build/TP1A.220905.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/115.0.5790.168 Mobile Safari/537.36 HeyTapBrowser/45.11.3.1
Mozilla/5.0 (Linux; Android 14; SM-S911U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36 EdgA/130.0.0.0
Mozilla/5.0 (Linux; Android 14; SM-S911U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36 OPR/86.0.0.0
Mozilla/5.0 (Android 13; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0
Mozilla/5.0 (Linux; Android 12; SM-G975U1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Focus/8.0.15 Chrome/131.0.0.0 Mobile Safari/537.36
Mozilla/5.0 (Linux; Android 13; SM-A515U) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile DuckDuckGo/5 Safari/537.36
Mozilla/5.0 (Linux; Android 12; moto g stylus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36 Ecosia android@119.0.0
Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.6778.104 Mobile Safari/537.36 AlohaBrowser/5.10.4
Mozilla/5.0 (Linux; Android 11; SM-G950U Build/RP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.6778.81 Mobile Safari/537.36 Nextdoor/11.42.1
Mozilla/5.0 (Linux; Android 13; SM-G991U; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.107 Mobile Safari/537.36 Reddit/Version 2024.45.0/Build 1783431/Android 13
Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 WhatsApp/2.24.23.78 A
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.53(0x18003531) NetType/WIFI Language/en
Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F90 Line/14.17.0
Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21E219 KAKAOTALK 10.7.5
Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/20G75 YahooMobileMail/1.0 (iPhone; 16.6) Safari/604.1
Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 NAVER(inapp; search; 2000; 12.8.3; 14PRO)
Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 YaBrowser/24.10.5.441.10 Mobile/15E148 Safari/604.1
Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) OPT/5.1.2 Mobile/15E148
Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1
Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1
Mozilla/5.0 (iPad; U; CPU OS 4_3_5 like Mac OS X; en-us) AppleWebKit/533.17.9 (KHTML, like Gecko) Version/5.0.2 Mobile/8L1 Safari/6533.18.5
Mozilla/5.0 (iPod touch; CPU iPhone OS 12_0 like Mac OS X) AppleWebKit/604.1.34 (KHTML, like Gecko) Version/12.0 Mobile/15A5341f Safari/604.1
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15 Ddg/17.6
Mozilla/5.0 (Macintosh; U; PPC Mac OS X 10_5_8; en-us) AppleWebKit/534.50.2 (KHTML, like Gecko) Version/5.0.6 Safari/533.22.3
Mozilla/5.0 (Macintosh; PPC Mac OS X 10.4; FPR32; rv:45.0) Gecko/20100101 Firefox/45.0 TenFourFox/7450
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Safari/605.1.15 Epiphany/605.1.15
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/5.15.14 Chrome/87.0.4280.144 Safari/537.36
Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.9.2.28) Gecko/20120306 Firefox/3.6.28
Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0
Mozilla/5.0 (Windows NT 10.0; WOW64; rv:68.0) Gecko/20100101 Goanna/4.8 Firefox/68.0 PaleMoon/33.4.0
Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0 SeaMonkey/2.53.19
Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0 Waterfox/115.0
Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36 Edge/44.18363.8131
Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15
Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.22.5 NintendoBrowser/5.1.0.22474
Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36
Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager
Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36 (KHTML, like Gecko) Silk/112.5.1 like Chrome/112.0.5615.213 Safari/537.36
Mozilla/5.0 (Linux; Android 12; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/36.1.0.2.53 Chrome/130.0.6723.86 VR Safari/537.36
Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 CrKey/1.54.250320
Mozilla/5.0 (Linux; Android 10; SM-P610; en-us) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Kiwi
Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/537.36 (KHTML, like Gecko) Raspbian Chromium/78.0.3904.108 Chrome/78.0.3904.108 Safari/537.36
Mozilla/5.0 (X11; Linux armv7l like Android; Kindle) AppleWebKit/531.2+ (KHTML, like Gecko) Version/5.0 Safari/533.2+ Kindle/3.0+
Mozilla/5.0 (Tesla; Linux; GNU) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.5414.10 Safari/537.36 Tesla/2024.38.7
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0 Teams/24295.605.3225.8804
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.41.97 Chrome/130.0.6723.91 Electron/33.0.2 Safari/537.36 Sonic
Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Safari/537.36 QIHU 360SE
Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Safari/537.36 AOL/11.0 AOLBUILD/11.0.2783 Safari/537.36
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OneBrowser/1.2
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/117.0.0.0 Safari/537.36 Wave Browser/117.0
SAMSUNG-SGH-A867/A867UCHG5 SHP/VPP/R5 NetFront/3.4 SMM-MMS/1.2.0 profile/MIDP-2.0 configuration/CLDC-1.1
Nokia6230/2.0+(04.43)+Profile/MIDP-2.0+Configuration/CLDC-1.1
LG-VN530 NetFront/3.5.1 (GUI) MMP/2.0
"""

#: Browsers of consumers: desktops, telephones, tablets, apps that show pages, games, televisions, cars; new and old.
BROWSERS: tuple[str, ...] = tuple(dict.fromkeys((*_browsers(), *_ONES.strip().splitlines())))
