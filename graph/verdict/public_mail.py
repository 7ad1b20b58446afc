"""Mail domains that anybody can have: sharing one says nothing about who somebody is."""

DOMAINS = """
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com me.com
mac.com proton.me protonmail.com pm.me gmx.com gmx.de gmx.net web.de t-online.de mail.com zoho.com fastmail.com
tutanota.com tuta.io hey.com yandex.com yandex.ru mail.ru bk.ru inbox.ru list.ru rambler.ru qq.com 163.com 126.com
foxmail.com sina.com sohu.com yeah.net naver.com daum.net hanmail.net kakao.com orange.fr free.fr laposte.net
wanadoo.fr libero.it virgilio.it wp.pl o2.pl onet.pl interia.pl seznam.cz uol.com.br bol.com.br terra.com.br
rediffmail.com yahoo.co.jp docomo.ne.jp ezweb.ne.jp btinternet.com sky.com comcast.net verizon.net att.net
yahoo.co.uk hotmail.co.uk hotmail.fr yahoo.fr yahoo.de yahoo.co.in mailinator.com guerrillamail.com yopmail.com
"""
PUBLIC_MAIL = frozenset(DOMAINS.split())
