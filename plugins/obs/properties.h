// What OBS shows of a filter: made from the styles that there are and the parameters of the chosen one.
#pragma once

#include <obs-module.h>

namespace tempera::plugins::obs {

// Belongs to OBS. `filter` is whose settings they are, for the buttons.
obs_properties_t* MakeProperties(obs_data_t* settings, obs_source_t* filter);

}  // namespace tempera::plugins::obs
