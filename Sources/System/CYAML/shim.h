// libyaml: parses and emits YAML as a series of events.
#ifndef REGULUS_CYAML_H
#define REGULUS_CYAML_H

#include <yaml.h>

#endif
