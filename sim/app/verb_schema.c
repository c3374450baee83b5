/*
 * verb_schema.c - the command schema: JSON Schema (draft 7) for editors.
 *
 * A file may mix our document with Kubernetes' own, so the schema holds only
 * for `kind: Scenario`.
 */
#include "app/scenario.h"

enum exit_code command_schema(struct app *app)
{
    fputs("{\"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
          " \"title\": \"rollsim scenario\",\n"
          " \"if\": {\"properties\": {\"kind\": {\"const\": \"Scenario\"}}, "
          "\"required\": [\"kind\"]},\n \"then\": ", app->out);
    field_schema(app->out, scenario_fields);
    fputs(",\n \"else\": {\"type\": [\"object\", \"null\"]}}\n", app->out);
    return EXIT_DONE;
}
