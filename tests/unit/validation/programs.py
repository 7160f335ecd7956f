"""User agents of programs that say so, as they stand in access logs."""

# One user agent a line, however long.
# ruff: noqa: E501

from __future__ import annotations

_PROGRAMS = """
Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.139 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/131.0.6778.139 Safari/537.36
Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36
AdsBot-Google (+http://www.google.com/adsbot.html)
Mediapartners-Google
APIs-Google (+https://developers.google.com/webmasters/APIs-Google.html)
FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)
Mozilla/5.0 (compatible; Google-InspectionTool/1.0)
Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)
DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)
Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)
Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)
Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)
Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)
Mozilla/5.0 (compatible; Exabot/3.0; +http://www.exabot.com/go/robot)
facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)
facebookcatalog/1.0
meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)
Twitterbot/1.0
LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)
Pinterestbot/1.0 (+http://www.pinterest.com/bot.html)
Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)
Slack-ImgProxy (+https://api.slack.com/robots)
TelegramBot (like TwitterBot)
Discordbot/2.0 (+https://discordapp.com)
WhatsApp/2.23.20.0
SkypeUriPreview Preview/0.5
Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)
Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)
Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)
Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)
Mozilla/5.0 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)
Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ChatGPT-User/1.0; +https://openai.com/bot
Mozilla/5.0 (compatible; OAI-SearchBot/1.0; +https://openai.com/searchbot)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)
Mozilla/5.0 (compatible; anthropic-ai/1.0; +http://www.anthropic.com/bot.html)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)
Mozilla/5.0 (compatible; Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)
CCBot/2.0 (https://commoncrawl.org/faq/)
Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)
ia_archiver (+http://www.alexa.com/site/help/webmasters; crawler@alexa.com)
Mozilla/5.0 (compatible; SeznamBot/4.0; +http://napoveda.seznam.cz/seznambot-intro/)
Mozilla/5.0 (compatible; Qwantify/2.4w; +https://www.qwant.com/)/2.4w
Mozilla/5.0 (compatible; coccocbot-web/1.0; +http://help.coccoc.com/searchengine)
Mozilla/5.0 (compatible; BLEXBot/1.0; +http://webmeup-crawler.com/)
Mozilla/5.0 (compatible; DataForSeoBot/1.0; +https://dataforseo.com/dataforseo-bot)
Mozilla/5.0 (compatible; serpstatbot/2.1; +http://serpstatbot.com/; abuse@serpstatbot.com)
Mozilla/5.0 (compatible; ZoominfoBot/1.0; +https://www.zoominfo.com)
Mozilla/5.0 (compatible; Barkrowler/0.9; +https://babbar.tech/crawler)
Mozilla/5.0 (compatible; Linespider/1.1; +https://lin.ee/4dwXkTH)
Mozilla/5.0 (compatible; MegaIndex.ru/2.0; +http://megaindex.com/crawler)
Mozilla/5.0 (compatible; SiteAuditBot/0.97; +http://www.semrush.com/bot.html)
Screaming Frog SEO Spider/19.4
Mozilla/5.0 (compatible; Sitebulb/3.1.0; +https://sitebulb.com)
Xenu Link Sleuth/1.3.8
W3C_Validator/1.3 http://validator.w3.org/services
W3C-checklink/4.81 libwww-perl/5.836
Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)
Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)
Mozilla/5.0 (compatible; StatusCake)
Site24x7
Better Uptime Bot Mozilla/5.0
Datadog/Synthetics
NewRelicPinger/1.0 (12345)
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.6778.33 Safari/537.36
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/119.0.6045.105 Safari/537.36
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessEdg/118.0 Safari/537.36
Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1
Mozilla/5.0 (Macintosh; Intel Mac OS X) AppleWebKit/534.34 (KHTML, like Gecko) PhantomJS/1.9.8 Safari/534.34
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/534.34 (KHTML, like Gecko) CasperJS/1.1.0-beta3+PhantomJS/1.9.7 Safari/534.34
Mozilla/5.0 (X11; Linux x86_64; rv:38.0) Gecko/20100101 Firefox/38.0 SlimerJS/0.10.3
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0 Safari/537.36 Puppeteer
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Playwright/1.40 Safari/605.1.15
Mozilla/5.0 (X11; Linux x86_64) Selenium/4.15
selenium/4.16.0 (python linux)
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Cypress/13.6.0 Chrome/114.0.5735.289 Electron/25.8.4 Safari/537.36
Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0
Mozilla/5.0 Chrome/10.0.613.0 Safari/534.15 Zombie.js/6.1.4
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/602.1 (KHTML, like Gecko) splash Version/9.0 Safari/602.1 splash/3.5
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Chrome-Lighthouse
Mozilla/5.0 (Windows NT 6.1; HtmlUnit/2.70.0)
Mozilla/5.0 (Windows NT 10.0; Win64; x64) WebDriver/1.0
python-requests/2.32.3
python-requests/1.2.0 CPython/2.7.3 Linux/3.2.0
Python-urllib/3.11
Python/3.10 aiohttp/3.9.1
python-httpx/0.28.1
aiohttp/3.8.4
httpx/0.24
urllib3/2.2.1
Scrapy/2.11.2 (+https://scrapy.org)
MechanicalSoup/1.3.0 (python-requests/2.31)
Mechanize/2.8.5 Ruby/3.2.2p53 (http://github.com/sparklemotion/mechanize/)
PycURL/7.45.2 libcurl/7.88.1 OpenSSL/3.0
curl/8.5.0
curl/7.29.0
libcurl/7.58.0
Wget/1.21.4
Wget/1.12 (linux-gnu)
HTTPie/3.2.2
xh/0.18.0
Go-http-client/1.1
Go-http-client/2.0
Go 1.1 package http
fasthttp
go-resty/2.7.0 (https://github.com/go-resty/resty)
Java/1.8.0_292
Java/17.0.2
Java-http-client/11.0.13
Apache-HttpClient/4.5.14 (Java/17.0.6)
Jakarta Commons-HttpClient/3.1
okhttp/4.12.0
okhttp/3.12.1
AsyncHttpClient/2.12.3
Jersey/2.35 (HttpUrlConnection 1.8.0_292)
ReactorNetty/1.1.13
Ktor client
unirest-java/3.1.00
Dart/3.2 (dart:io)
axios/1.7.9
axios/0.21.1
node-fetch/1.0 (+https://github.com/bitinn/node-fetch)
node-superagent/8.0.9
got (https://github.com/sindresorhus/got)
undici
node
Deno/1.38.0
Bun/1.0.25
needle/3.2.0 (Node.js v18.17.0; linux x64)
PostmanRuntime/7.43.0
PostmanRuntime/7.26.8
insomnia/2023.5.8
Bruno/1.5.0
Thunder Client (https://www.thunderclient.com)
Hoppscotch/2023.12
RestSharp/106.15.0.0
Faraday v2.7.4
Typhoeus - https://github.com/typhoeus/typhoeus
http.rb/5.1.1
Ruby
rest-client/2.1.0 (linux x86_64) ruby/3.0.2p107
GuzzleHttp/7
GuzzleHttp/6.5.5 curl/7.68.0 PHP/7.4.3
PHP/8.1.2
Symfony HttpClient/Curl
WordPress/6.4.2; https://example.com
libwww-perl/6.67
LWP::Simple/6.53 libwww-perl/6.53
lwp-trivial/1.41
Perl/5.30
WinHTTP
WinHttp.WinHttpRequest.5
Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4522
reqwest/0.11.23
hyper/0.14.27
ureq/2.9.1
hackney/1.18.1
Erlang/OTP 25
clj-http/3.12.3
R-CURL httr/1.4.7
libcurl/7.68.0 r-curl/4.3.2 httr/1.4.4
k6/0.48.0 (https://k6.io/)
Apache-JMeter/5.5
ApacheBench/2.3
Artillery (https://artillery.io)
Gatling/3.9.5
Locust/2.20
siege/4.1.6
Vegeta/12.8
Zapier
n8n
Nmap Scripting Engine; https://nmap.org/book/nse.html
Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)
sqlmap/1.7.2#stable (https://sqlmap.org)
masscan/1.3 (https://github.com/robertdavidgraham/masscan)
Mozilla/5.0 zgrab/0.x
WPScan v3.8.24 (https://wpscan.com/wordpress-security-scanner)
Nuclei - Open-source project (github.com/projectdiscovery/nuclei)
gobuster/3.6
Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)
Expanse, a Palo Alto Networks company, searches across the global IPv4 space
HTTrack/3.0x (Windows 98)
Mozilla/4.5 (compatible; HTTrack 3.0x; Windows 98)
WebZIP/3.5 (http://www.spidersoft.com)
Offline Explorer/2.5
Teleport Pro/1.29
WebCopier v4.6
SiteSucker/2.3.6
EmailCollector
EmailSiphon
EmailWolf 1.00
Embedly/0.2 (+http://support.embed.ly/)
Iframely/1.3.1 (+https://iframely.com/docs/about)
Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)
Feedbin feed-id:1373711 - 142 subscribers
NewsBlur Feed Fetcher - 3 subscribers
Tiny Tiny RSS/23.04 (https://tt-rss.org/)
Mozilla/5.0 (compatible; Miniflux/2.0.51; +https://miniflux.app)
Jigsaw/2.3.0 W3C_CSS_Validator_JFouffa/2.0
GTmetrix
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112 Safari/537.36 PTST/230601.1
Mozilla/5.0 (compatible; Nutch/1.19)
Mozilla/5.0 (compatible; heritrix/3.4.0 +http://archive.org)
Mozilla/5.0 (compatible; proximic; +https://www.comscore.com/Web-Crawler)
GrapeshotCrawler/2.0 (+https://www.grapeshot.com/crawler)
Mozilla/5.0 (compatible; TTD-Content; https://www.thetradedesk.com/general/ttd-content)
Mozilla/5.0 (compatible; Cliqzbot/2.0; +http://cliqz.com/company/cliqzbot)
Mozilla/5.0 (compatible; SurdotlyBot/1.0; +http://sur.ly/bot.html)
Mozilla/5.0 (compatible; NetcraftSurveyAgent/1.0; +info@netcraft.com)
Mozilla/5.0 (compatible; Dataprovider.com)
magpie-crawler/1.1 (robots-txt-checker; +http://www.brandwatch.net)
Mozilla/5.0 (compatible; memorybot/1.20)
Mozilla/5.0 (compatible; trendictionbot0.5.0; trendiction search; http://www.trendiction.de/bot)
BUbiNG (+http://law.di.unimi.it/BUbiNG.html)
Mozilla/5.0 (TweetmemeBot/4.0; +http://datasift.com/bot.html) Gecko/20100101 Firefox/31.0
Mozilla/5.0 (compatible; Kraken/0.1; http://linkfluence.net/; bot@linkfluence.net)
"""
#: Programs that say so: crawlers, libraries, driven browsers, testers, scanners.
PROGRAMS: tuple[str, ...] = tuple(dict.fromkeys(_PROGRAMS.strip().splitlines()))
