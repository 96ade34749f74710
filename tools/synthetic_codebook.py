"""The questionnaire of the synthetic survey: variables, labels in two languages, codes, missing codes."""

from __future__ import annotations

from dataclasses import dataclass, field

NOT_ASKED, DO_NOT_KNOW, REFUSED = 97, 98, 99
NOT_ASKED_COUNT, DO_NOT_KNOW_COUNT = 997, 998

_MISSING_LABELS = {
    NOT_ASKED: "Not asked / Вопрос не задавался",
    DO_NOT_KNOW: "Hard to say / Затрудняюсь ответить",
    REFUSED: "Refused / Отказ от ответа",
    NOT_ASKED_COUNT: "Not asked / Вопрос не задавался",
    DO_NOT_KNOW_COUNT: "Does not remember / Не помнит",
}


@dataclass(frozen=True)
class Variable:
    """One variable of the file; labels read 'English / Русский', missing codes are user-missing."""

    name: str
    label: str
    measure: str
    labels: dict[int, str] = field(default_factory=dict)
    missing: tuple[int, ...] = ()

    @property
    def value_labels(self) -> dict[int | float, str]:
        """Labels of the valid codes and of the user-missing codes."""
        return {**self.labels, **{code: _MISSING_LABELS[code] for code in self.missing}}


YES_NO = {1: "Yes / Да", 2: "No / Нет"}

_PLACE_AND_PERSON = (
    Variable("respondent_id", "Respondent number / Номер респондента", "scale"),
    Variable(
        "country",
        "Country of permanent residence / Страна постоянного проживания",
        "nominal",
        {1: "Kazakhstan / Казахстан", 2: "Russia / Россия"},
    ),
    Variable(
        "settlement_type",
        "Place of permanent residence / Место постоянного проживания",
        "ordinal",
        {1: "Regional centre / Областной центр", 2: "District centre / Районный центр", 3: "Village / Село"},
    ),
    Variable(
        "settlement",
        "Settlement / Населённый пункт",
        "nominal",
        {
            1: "Uralsk / Уральск",
            2: "Orenburg / Оренбург",
            3: "Aksai / Аксай",
            4: "Sol-Iletsk / Соль-Илецк",
            5: "Chingirlau / Чингирлау",
            6: "Linevka / Линёвка",
        },
    ),
    Variable("sex", "Sex / Пол", "nominal", {1: "Male / Мужской", 2: "Female / Женский"}, (REFUSED,)),
    Variable("age_years", "Age in completed years / Возраст, полных лет", "scale"),
    Variable(
        "age_group",
        "Age group / Возрастная группа",
        "ordinal",
        {1: "18–29 / 18–29 лет", 2: "30–39 / 30–39 лет", 3: "40–49 / 40–49 лет", 4: "50+ / 50 лет и старше"},
        (REFUSED,),
    ),
    Variable(
        "education",
        "Education / Образование",
        "ordinal",
        {
            1: "Secondary or less / Среднее и ниже",
            2: "Vocational secondary / Среднее специальное",
            3: "Higher / Высшее",
        },
        (REFUSED,),
    ),
    Variable(
        "marital_status",
        "Marital status / Семейное положение",
        "nominal",
        {
            1: "Never married / Никогда не состоял(а) в браке",
            2: "Married / Состоит в браке",
            3: "Divorced or widowed / Разведён(а) или вдовец (вдова)",
        },
        (REFUSED,),
    ),
    Variable(
        "household_income",
        "Household income, own assessment / Доход домохозяйства, самооценка",
        "ordinal",
        {
            1: "Not enough for food / Не хватает на питание",
            2: "Enough for food and clothes / Хватает на питание и одежду",
            3: "Enough for durable goods / Хватает на товары длительного пользования",
            4: "Well off / Живём в достатке",
        },
        (DO_NOT_KNOW, REFUSED),
    ),
    Variable(
        "nationality",
        "Nationality (ethnic group) / Национальность",
        "nominal",
        {1: "Kazakh / Казахи", 2: "Russian / Русские", 3: "Other / Другая"},
        (REFUSED,),
    ),
    Variable(
        "citizenship",
        "Citizenship / Гражданство",
        "nominal",
        {1: "Kazakhstan / Казахстан", 2: "Russia / Россия", 3: "Other or none / Другое или без гражданства"},
        (REFUSED,),
    ),
)

_TRIPS = (
    Variable(
        "trip_frequency",
        "How often do you travel to the neighbouring country? / Как часто Вы ездите в соседнюю страну?",
        "ordinal",
        {
            1: "Never / Никогда",
            2: "No longer / Больше не езжу",
            3: "Less than once a year / Реже одного раза в год",
            4: "Once or several times a year / Один или несколько раз в год",
            5: "About once a month / Примерно раз в месяц",
            6: "Several times a month / Несколько раз в месяц",
            7: "Every week or more often / Каждую неделю или чаще",
        },
        (DO_NOT_KNOW, REFUSED),
    ),
    Variable("trips_per_year", "Trips in the last twelve months / Поездок за последние двенадцать месяцев", "scale"),
    Variable(
        "visited_last_3_years",
        "Was in the neighbouring country in the last three years / Был(а) в соседней стране за последние три года",
        "nominal",
        YES_NO,
        (REFUSED,),
    ),
    Variable(
        "trip_change",
        "Trips compared with three years ago / Поездки по сравнению с тем, что было три года назад",
        "nominal",
        {
            1: "Still goes as often / Ездит так же",
            2: "Goes less / Ездит реже",
            3: "Goes more often / Ездит чаще",
            4: "No longer goes / Больше не ездит",
        },
        (NOT_ASKED, DO_NOT_KNOW),
    ),
    Variable(
        "decrease_reason",
        "Why fewer trips? / Почему поездок стало меньше?",
        "nominal",
        {
            1: "No personal need / Нет личной необходимости",
            2: "Difficult to cross the border / Сложности пересечения границы",
            3: "Cost of the trip / Стоимость поездки",
            4: "Other / Другое",
        },
        (NOT_ASKED, DO_NOT_KNOW),
    ),
    Variable(
        "trip_reason",
        "Main reason for trips / Основная причина поездок",
        "nominal",
        {
            1: "Visiting relatives and friends / Посещение родственников и друзей",
            2: "Buying household goods / Покупка товаров для дома",
            3: "Medical treatment / Лечение",
            4: "Work or trade / Работа или торговля",
            5: "Other / Другое",
        },
        (NOT_ASKED, REFUSED),
    ),
    Variable(
        "crossed_outside_posts",
        "Crossed at least once past the border posts / Хотя бы раз пересекал(а) границу в обход постов",
        "nominal",
        YES_NO,
        (NOT_ASKED, REFUSED),
    ),
    Variable(
        "visits_total",
        "Visits in the last twelve months whose season is known / Визиты за двенадцать месяцев с известным сезоном",
        "scale",
        {},
        (NOT_ASKED_COUNT, DO_NOT_KNOW_COUNT),
    ),
    Variable(
        "visits_summer",
        "Of these, visits in summer / Из них визиты летом",
        "scale",
        {},
        (NOT_ASKED_COUNT, DO_NOT_KNOW_COUNT),
    ),
)

_TIES_AND_PLANS = (
    Variable(
        "has_cross_border_ties",
        "Has relatives or friends across the border / Имеет родных или друзей по ту сторону границы",
        "nominal",
        YES_NO,
        (REFUSED,),
    ),
    Variable(
        "contact_regularity",
        "How often in touch with them? / Как часто поддерживает с ними связь?",
        "ordinal",
        {
            1: "Regularly / Регулярно",
            2: "From time to time / Время от времени",
            3: "Hardly ever / Почти никогда",
        },
        (NOT_ASKED, REFUSED),
    ),
    Variable(
        "emigration_intention",
        "Intends to emigrate in the coming years / Намерен(а) уехать из страны в ближайшие годы",
        "nominal",
        {1: "Does not intend / Не намерен(а)", 2: "Intends / Намерен(а)", 3: "Undecided / Не решил(а)"},
        (REFUSED,),
    ),
    Variable(
        "emigration_destination",
        "Where to? / Куда?",
        "nominal",
        {
            1: "Russia / Россия",
            2: "Kazakhstan / Казахстан",
            3: "Economically developed country / Экономически развитая страна",
            4: "Central Asia / Средняя Азия",
            5: "Other / Другое",
        },
        (NOT_ASKED, DO_NOT_KNOW),
    ),
    Variable(
        "emigration_motive",
        "Main motive for leaving / Основной мотив отъезда",
        "nominal",
        {
            1: "Better economic situation / Улучшить материальное положение",
            2: "To live near relatives / Жить рядом с родными",
            3: "Future of the children / Будущее детей",
            4: "Ecology and climate / Экология и климат",
            5: "Other / Другое",
        },
        (NOT_ASKED, REFUSED),
    ),
    Variable(
        "stay_reason",
        "What keeps you from moving? / Что удерживает Вас от переезда?",
        "nominal",
        {
            1: "Homeland / Родина",
            2: "Relatives and friends nearby / Родные и друзья рядом",
            3: "Work or housing / Работа или жильё",
            4: "No means to move / Нет средств на переезд",
            5: "Nothing / Ничего",
        },
        (DO_NOT_KNOW, REFUSED),
    ),
)

_ATTITUDES = (
    Variable(
        "inconvenience_in_russia",
        "Met inconvenience on Russian territory because of nationality"
        " / Сталкивался(ась) с неудобствами в России из-за национальности",
        "nominal",
        YES_NO,
        (DO_NOT_KNOW, REFUSED),
    ),
    Variable(
        "delimitation_view",
        "View of the border delimitation / Отношение к делимитации границы",
        "nominal",
        {1: "Positive / Положительное", 2: "Negative / Отрицательное", 3: "Indifferent / Безразличное"},
        (DO_NOT_KNOW,),
    ),
    Variable(
        "visa_attitude",
        "Attitude to a visa regime / Отношение к введению визового режима",
        "nominal",
        {1: "Against / Против", 2: "For / За", 3: "Indifferent / Безразлично"},
        (DO_NOT_KNOW, REFUSED),
    ),
    Variable(
        "visa_effect",
        "Effect of a visa regime on own trips / Влияние визового режима на собственные поездки",
        "nominal",
        {
            1: "Insurmountable obstacle / Непреодолимое препятствие",
            2: "Will go less often / Буду ездить реже",
            3: "Nothing changes / Ничего не изменится",
            4: "Only in urgent need / Только при крайней необходимости",
        },
        (DO_NOT_KNOW,),
    ),
    Variable(
        "attitude_to_russia",
        "Attitude to Russia / Отношение к России",
        "ordinal",
        {1: "Very friendly / Очень дружеское", 2: "Neutral / Нейтральное", 3: "Unfriendly / Недружественное"},
        (REFUSED,),
    ),
    Variable(
        "self_identification",
        "First of all you feel yourself / Прежде всего Вы ощущаете себя",
        "nominal",
        {
            1: "Citizen of Kazakhstan / Гражданином Казахстана",
            2: "Citizen of Russia / Гражданином России",
            3: "Soviet person / Советским человеком",
            4: "Resident of the region or town / Жителем области или города",
            5: "Member of an ethnic group / Представителем своего народа",
        },
        (REFUSED,),
    ),
    Variable("weight", "Weight / Вес", "scale"),
)

VARIABLES = _PLACE_AND_PERSON + _TRIPS + _TIES_AND_PLANS + _ATTITUDES
