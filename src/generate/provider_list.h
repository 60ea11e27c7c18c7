/* What stands in provider_table: each provider's two halves, by the file that has them. */
#ifndef WEIR_GENERATE_PROVIDER_LIST_H
#define WEIR_GENERATE_PROVIDER_LIST_H

#include "generate/provider.h"

typedef int provider_prepare(const struct preparing *preparing, struct prepared *out,
                             struct err *err);
typedef char *provider_write(const void *data, struct draw *draw, char *to);

/* provider_person.c */
provider_prepare prepare_name;
provider_write write_name;
provider_prepare prepare_slot;
provider_write write_first_name;
provider_write write_last_name;
provider_prepare prepare_mail;
provider_write write_free_email_domain;
provider_write write_email;
provider_prepare prepare_cnp;
provider_write write_cnp;
provider_prepare prepare_sex;
provider_write write_sex;
provider_prepare prepare_date_of_birth;
provider_write write_date_of_birth;
provider_write write_city;
provider_prepare prepare_address;
provider_write write_street_address;
provider_write write_address;
provider_prepare prepare_postcode;
provider_write write_postcode;
provider_prepare prepare_phone;
provider_write write_phone;
/* 2026-01-01 */
#define DATE_BYTES 10
char *put_date(char *to, struct civil date);
/* provider_network.c */
provider_prepare prepare_mac;
provider_write write_mac;
provider_prepare prepare_ipv4;
provider_write write_ipv4;
provider_prepare prepare_iban;
provider_write write_iban;
provider_prepare prepare_uuid;
provider_write write_uuid;
/* provider_value.c */
provider_prepare prepare_int;
provider_write write_int;
provider_prepare prepare_float;
provider_write write_float;
provider_prepare prepare_bool;
provider_write write_bool;
provider_prepare prepare_sequence;
provider_write write_sequence;
provider_prepare prepare_user;
provider_write write_user;
provider_prepare prepare_date;
provider_write write_date;
provider_prepare prepare_timestamp;
provider_write write_timestamp;
provider_prepare prepare_choice;
provider_write write_choice;
provider_prepare prepare_constant;
provider_write write_constant;
/* provider_template.c */
provider_prepare prepare_template;
provider_write write_template;

#endif
