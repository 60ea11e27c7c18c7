#include "generate/provider_list.h"

#define OF_USER true, false
#define OF_RECORD false, false
#define NAMES_OF_USER true, true

const struct provider provider_table[] = {
    {"name", "a first and a last name", "name", 0, NAMES_OF_USER, prepare_name, write_name},
    {"first_name", "a first name", "first_name", 0, NAMES_OF_USER, prepare_slot, write_first_name},
    {"last_name", "a last name", "last_name", 0, NAMES_OF_USER, prepare_slot, write_last_name},
    {"sex", "F or M, as the name", "sex", 0, OF_USER, prepare_sex, write_sex},
    {"email", "an address at a free domain, made of the name", "email", 0, OF_USER, prepare_mail,
     write_email},
    {"free_email_domain", "a free mail provider's domain", "free_email_domain", 0, NAMES_OF_USER,
     prepare_mail, write_free_email_domain},
    {"cnp", "Romania's personal number, with its check digit", "cnp", 0, OF_USER, prepare_cnp,
     write_cnp},
    {"date_of_birth", "of someone 0 to 115 years old (min_age, max_age)",
     "{provider: date_of_birth, min_age: 18, max_age: 65}", ARGUMENT_AGES, OF_USER,
     prepare_date_of_birth, write_date_of_birth},
    {"address", "street, city and postcode in a line", "address", 0, OF_USER, prepare_address,
     write_address},
    {"street_address", "a street, mostly with house and flat", "street_address", 0, OF_USER,
     prepare_address, write_street_address},
    {"city", "a city", "city", 0, NAMES_OF_USER, prepare_slot, write_city},
    {"postcode", "six digits", "postcode", 0, OF_USER, prepare_postcode, write_postcode},
    {"phone", "a telephone number", "phone", 0, OF_USER, prepare_phone, write_phone},
    {"iban", "a bank account, with its check digits", "iban", 0, OF_USER, prepare_iban, write_iban},
    {"mac", "a network card's address", "mac", 0, OF_USER, prepare_mac, write_mac},
    {"ipv4", "an address that can be on the Internet", "ipv4", 0, OF_RECORD, prepare_ipv4,
     write_ipv4},
    {"uuid", "a random UUID, version 4", "uuid", 0, OF_RECORD, prepare_uuid, write_uuid},
    {"user", "the number of the returning user", "user", 0, OF_USER, prepare_user, write_user},
    {"int", "a whole number (min, max)", "{provider: int, min: 1, max: 6}", ARGUMENT_MIN, OF_RECORD,
     prepare_int, write_int},
    {"float", "a number with decimals (min, max, decimals)",
     "{provider: float, min: -5, max: 40, decimals: 1}", ARGUMENT_MIN | ARGUMENT_DECIMALS,
     OF_RECORD, prepare_float, write_float},
    {"bool", "true or false (true: a share)", "{provider: bool, true: 10%}", ARGUMENT_SHARE,
     OF_RECORD, prepare_bool, write_bool},
    {"choice", "one of values or of a file (values_from), with weights or without",
     "{values: {card: 7, cash: 3}}", ARGUMENT_VALUES, OF_RECORD, prepare_choice, write_choice},
    {"constant", "always the same value", "{value: EUR}", ARGUMENT_VALUE, OF_RECORD,
     prepare_constant, write_constant},
    {"sequence", "1 2 3 ... (start, step)", "{provider: sequence, start: 1000}", ARGUMENT_SEQUENCE,
     OF_RECORD, prepare_sequence, write_sequence},
    {"date", "a date (min, max; default from 1970 to today)", "{provider: date, min: 2020-01-01}",
     ARGUMENT_DATES, OF_RECORD, prepare_date, write_date},
    {"timestamp", "the time of the record (form, back)", "{provider: timestamp, form: iso}",
     ARGUMENT_TIME, OF_RECORD, prepare_timestamp, write_timestamp},
    {"template", "text with {field} in it (template, remove, case)",
     "{template: \"{first_name}@{city}\", case: lower}", ARGUMENT_TEMPLATE, OF_RECORD,
     prepare_template, write_template},
    {"object", "fields in an object of their own (fields)",
     "{fields: {city: city, postcode: postcode}}", ARGUMENT_FIELDS, OF_RECORD, NULL, NULL},
    {"array", "1 to 5 of a field, each drawn for itself (items, min, max)",
     "{items: phone, min: 0, max: 3}", ARGUMENT_ITEMS, OF_RECORD, NULL, NULL},
};
const size_t provider_count = sizeof provider_table / sizeof *provider_table;

const struct provider *provider_find(const char *name)
{
    for (size_t i = 0; i < provider_count; i++)
        if (!strcmp(provider_table[i].name, name))
            return &provider_table[i];
    return NULL;
}
