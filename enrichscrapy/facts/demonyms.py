"""Demonyms to ISO 3166-1 alpha-2.

No maintained library was found that maps them both ways without clashes (``countryinfo`` gives
one a country, and the same for several). Past states and peoples without a country of their own
are left out on purpose: a wrong country is worse than none.
"""

_TABLE = """
AF afghan,afghani
AL albanian
DZ algerian
AS american samoan
AD andorran
AO angolan
AI anguillan
AG antiguan,barbudan,antiguan and barbudan
AR argentine,argentinean,argentinian
AM armenian
AW aruban
AU australian,aussie
AT austrian
AZ azerbaijani,azeri
BS bahamian
BH bahraini
BD bangladeshi
BB barbadian,bajan
BY belarusian,belarusan,byelorussian,belorussian
BE belgian
BZ belizean
BJ beninese
BM bermudian,bermudan
BT bhutanese
BO bolivian
BA bosnian,herzegovinian,bosnian and herzegovinian,bosnian-herzegovinian
BW botswanan,motswana,batswana
BR brazilian
VG british virgin islander
BN bruneian
BG bulgarian
BF burkinabe,burkinabé
BI burundian
KH cambodian
CM cameroonian
CA canadian,quebecois,québécois,french canadian,french-canadian
CV cape verdean,cabo verdean
KY caymanian
CF central african
TD chadian
CL chilean
CN chinese
CO colombian,columbian
KM comorian
CK cook islander
CR costa rican
CI ivorian,ivoirian
HR croatian,croat
CU cuban
CW curaçaoan,curacaoan
CY cypriot
CZ czech
DK danish,dane
DJ djiboutian
DM dominican (dominica)
DO dominican
TL east timorese,timorese
EC ecuadorian,ecuadorean,ecuadoran
EG egyptian
SV salvadoran,salvadorian,salvadorean
GQ equatorial guinean,equatoguinean
ER eritrean
EE estonian
SZ swazi
ET ethiopian
FK falkland islander
FO faroese
FJ fijian
FI finnish,finn
FR french
GF french guianese
PF french polynesian,tahitian
GA gabonese
GM gambian
GE georgian
DE german
GH ghanaian
GI gibraltarian
GR greek
GL greenlandic,greenlander
GD grenadian
GP guadeloupean
GU guamanian
GT guatemalan
GN guinean
GW bissau-guinean
GY guyanese
HT haitian
HN honduran
HK hong konger,hongkonger,hong kongese
HU hungarian
IS icelandic,icelander
IN indian,east indian
ID indonesian
IR iranian,persian
IQ iraqi
IE irish
IM manx
IL israeli
IT italian,sicilian,sardinian
JM jamaican
JP japanese
JE jersey islander
JO jordanian
KZ kazakh,kazakhstani
KE kenyan
KI i-kiribati
KP north korean
KR south korean,korean
KW kuwaiti
KG kyrgyz,kyrgyzstani,kirghiz
LA lao,laotian
LV latvian
LB lebanese
LS basotho,mosotho
LR liberian
LY libyan
LI liechtensteiner
LT lithuanian
LU luxembourgish,luxembourger
MO macanese
MG malagasy,madagascan
MW malawian
MY malaysian
MV maldivian
ML malian
MT maltese
MH marshallese
MQ martinican,martiniquais
MR mauritanian
MU mauritian
YT mahoran
MX mexican
FM micronesian
MD moldovan,moldavian
MC monegasque,monégasque,monacan
MN mongolian
ME montenegrin
MS montserratian
MA moroccan
MZ mozambican
MM burmese
NA namibian
NR nauruan
NP nepalese,nepali
NL dutch,netherlander,netherlands
NC new caledonian
NZ new zealander,new zealand,kiwi,maori
NI nicaraguan
NE nigerien
NG nigerian
NU niuean
MK macedonian,north macedonian
MP northern marianan
NO norwegian
OM omani
PK pakistani
PW palauan
PS palestinian
PA panamanian
PG papua new guinean,papuan
PY paraguayan
PE peruvian
PH filipino,filipina,philippine
PL polish,pole
PT portuguese
PR puerto rican
QA qatari
RE réunionese,reunionese
RO romanian,rumanian
RU russian
RW rwandan
SH saint helenian
KN kittitian,nevisian
LC saint lucian,st. lucian
VC vincentian
WS samoan
SM sammarinese
ST são toméan,sao tomean
SA saudi,saudi arabian
SN senegalese
RS serbian,serb
SC seychellois
SL sierra leonean
SG singaporean
SX sint maartener
SK slovak,slovakian
SI slovenian,slovene
SB solomon islander
SO somali,somalian
ZA south african
SS south sudanese
ES spanish,spaniard,catalan,catalonian,basque
LK sri lankan
SD sudanese
SR surinamese
SE swedish,swede
CH swiss
SY syrian
TW taiwanese
TJ tajik,tajikistani
TZ tanzanian
TH thai
TG togolese
TO tongan
TT trinidadian,tobagonian,trinidadian and tobagonian
TN tunisian
TR turkish,turk
TM turkmen
TC turks and caicos islander
TV tuvaluan
UG ugandan
UA ukrainian
AE emirati,emirian
GB british,english,scottish,welsh,northern irish,briton
US american,u.s. american,usa
VI u.s. virgin islander,virgin islander
UY uruguayan
UZ uzbek,uzbekistani
VU ni-vanuatu,vanuatuan
VE venezuelan
VN vietnamese
EH sahrawi
YE yemeni
ZM zambian
ZW zimbabwean
"""

DEMONYMS: dict[str, str] = {
    demonym: line[:2] for line in _TABLE.strip().splitlines() for demonym in line[3:].split(",")
}
"""Lower-case demonym -> alpha-2 code, for example ``{"spanish": "ES"}``."""
