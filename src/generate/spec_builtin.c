#include "generate/spec.h"

/* The chapter's record: 16 fields in its order. */
const char spec_builtin_yaml[] =
    "# The records of DrivenData's streaming layer.\n"
    "id: unique_id\n"
    "fields:\n"
    "  person_name: name\n"
    "  user_name: {template: \"{person_name}\", remove: \" \", case: lower}\n"
    "  email: {template: \"{user_name}@{free_email_domain}\"}\n"
    "  personal_number: cnp\n"
    "  birth_date: date_of_birth\n"
    "  address: address\n"
    "  phone_number: phone\n"
    "  mac_address: mac\n"
    "  ip_address: ipv4\n"
    "  iban: iban\n"
    "  accessed_at: timestamp\n"
    "  session_duration: {provider: int, min: 0, max: 36000}\n"
    "  download_speed: {provider: int, min: 0, max: 1000}\n"
    "  upload_speed: {provider: int, min: 0, max: 800}\n"
    "  consumed_traffic: {provider: int, min: 0, max: 2000000}\n"
    "  unique_id: uuid\n";

int spec_builtin(struct record_spec *spec, struct arena *arena, struct err *err)
{
    struct yaml_node *root = NULL;
    if (yaml_load(arena, "driven_data", slice_of(spec_builtin_yaml), &root, err) < 0)
        return -1;
    return spec_read(spec, arena, "driven_data", "driven_data", root, err);
}
