"""Columns about people, and those that carry origin or language, stay out; innocent ones come in."""

import pytest

from geo import reference


def words(text: str) -> list[str]:
    return text.split()


REFUSED = words("""
    personnummer Personnummer PERSONNR person_nr pnr persnr ssn personal_identity_number samordningsnummer SamNr
    förnamn Förnamn fornamn FörNamn för-namn efternamn mellannamn tilltalsnamn personnamn fullständigt_namn
    first_name FirstName firstname last_name LASTNAME surname given_name family_name full_name person_name maiden_name
    födelsedatum födelseår birth_date BirthDate date_of_birth dob kontaktperson contact_person firmatecknare
    verklig_huvudman victim_name worker_name employee_names victim_id offer_id klient_id
    e-post epost email e_mail telefon telefonnummer mobil mobilnummer phone phone_number mobile_phone hemadress
    home_address passnummer passport passport_no
    nationalitet Nationalitet nationality Nationality_code worker_nationality nationalitet_1 permits_by_nationality
    medborgarskap medborgarskapsland citizenship tredjelandsmedborgare third_country_nationals
    födelseland FÖDELSELAND fodelseland födelse_land födelseort birth_country country_of_birth place_of_birth birthplace
    ursprungsland country_of_origin hemland utländsk_bakgrund foreign_background utrikes_född utrikesfödda
    andel_utrikes_födda foreign_born share_foreign_born foreign-born-share invandrare immigrants migrants asylsökande
    uppehållstillstånd residence_permit
    etnicitet ethnicity etnisk_grupp ethnic_group folkgrupp race hudfarg religion religionstillhörighet
    modersmål Modersmål mother_tongue native_language språk Språk språkkod hemspråk tolkspråk language languages
    vd vd_namn innehavare innehavarens_namn ägare ägarnamn owner kontakt kontaktuppgifter contact mail mejladress kön
    gender ålder age folkbokföringsadress lma_kort dossiernummer hetu pesel
    language_code förnamn2 Telefon1 TELEFON_2 arbetstagarens_namn anställdas_namn employee_id ägarens_namn
    markägare Fastighetsägare skogsägarens landowner property_owner arrendator handläggare Inspektör inspectors tipsare
    uppgiftslämnare informant anmälare sagesman registrerad_av SkapadAv created_by recorded_by BAS-P bas_u BasU
    byggarbetsmiljösamordnare platschef arbetsledare site_manager namn_på_arbetstagare name_of_worker COAdress c/o
    care_of hemvist Hemvistland arbetsgivarens_land avsändande_land sending_country employer_country
    utländsk_arbetskraft utländska_arbetstagare foreign_workers arbetstillstånd work_permits tolk Tolkbehov interpreter
""")
# the last lines begin like a refused word, or hold one inside another word
INNOCENT = words("""
    name namn company_name företagsnamn Firmanamn organisationsnummer org_nr orgnr employer_id workplace_id cfar cfarnr
    accommodation_id visit_id finding_id establishment_id agency agencies indicator framework grade source verification
    persons_band persons_met circle synthetic retain_until observed_on visited_on outcome site_id beds workforce phase
    housing_type kind sni sni_version active_from active_to municipality municipality_code county year level area_id
    kommun kommunnamn kommunkod lanskod lansnamn ort ortnamn tatort tatortskod gatunamn adress address postnummer
    postort rutid_scb desokod regsokod vo_kod anstallda arbetsstallen employees employees_total antal_personer id
    idnummer
    vägnummer projektnamn easting northing lon lat geometry bredd längd fas åtgärd startdatum slutdatum status typ
    description beskrivning notes comment tips permit permit_id tillstånd byggnadstillstånd
    species art land landsbygd landskap landsting country national_road nationalpark personal personalliggare
    personalrum personalkostnad passage passagerare spår sprängning emission telegraf racecourse terrace originator
    Företagsnamn benämning BesöksAdress PostAdress byggherre entreprenör antal_utstationerade typ_av_tjänst
    byggnadslov basår bas base_level husnummer fastighet fastighetsbeteckning skog markanvändning anmälan anmäld
    Inkomdatum skapad registrerad inspektionsdatum inspection_date report_date tolkning landareal landskod
    municipality_name
    utland stolk inspektions_id handläggningstid platsnamn site_name
""")


@pytest.mark.parametrize("column", REFUSED)
def test_columns_about_people_are_refused(column: str) -> None:
    reason = reference.refused_reason(column)
    assert reason
    assert reason in reference.swedish_texts()


@pytest.mark.parametrize(
    "column",
    ["fo\u0308rnamn", "\uff46ornamn", "för\u200bnamn", " förnamn ", "för/namn", "namn; förnamn", "FÖRNAMN (2)"],
)
def test_odd_spellings_do_not_slip_through(column: str) -> None:
    assert reference.refused_reason(column)


@pytest.mark.parametrize("column", INNOCENT)
def test_innocent_columns_pass(column: str) -> None:
    assert reference.refused_reason(column) is None


def test_columns_of_the_layers_pass() -> None:
    layers = pytest.importorskip("geo.layers.registry")
    for layer in layers.LAYERS.values():
        assert {column: reference.refused_reason(column, layer.name) for column in layer.columns} == dict.fromkeys(
            layer.columns
        )


@pytest.mark.parametrize("column", ["kommentar", "Anteckningar", "fritext", "notes", "beskrivning", "description"])
def test_free_text_is_refused_where_it_may_name_people(column: str) -> None:
    assert "free text" in (reference.refused_reason(column, "findings") or "")
    assert "free text" in (reference.refused_reason(column, "visits") or "")
    assert reference.refused_reason(column, "workplaces") is None


def test_reasons_differ_by_what_the_column_carries() -> None:
    assert "identifies a person" in (reference.refused_reason("personnummer") or "")
    assert "nationality" in (reference.refused_reason("födelseland") or "")
    assert "ethnicity" in (reference.refused_reason("etnicitet") or "")
    assert "language" in (reference.refused_reason("modersmål") or "")
