# Puts the plugin where OBS looks for those of the user who runs this. BUILD: the build's folder.
if(CMAKE_HOST_WIN32)
  set(folder "$ENV{ProgramData}/obs-studio/plugins/tempera")
elseif(NOT "$ENV{XDG_CONFIG_HOME}" STREQUAL "")
  set(folder "$ENV{XDG_CONFIG_HOME}/obs-studio/plugins/tempera")
else()
  set(folder "$ENV{HOME}/.config/obs-studio/plugins/tempera")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --component obs_user --prefix ${folder}
                RESULT_VARIABLE failed OUTPUT_QUIET)
if(failed)
  message(FATAL_ERROR "The plugin could not be put into ${folder}")
endif()
message("OBS finds Tempera's filter at its next start: ${folder}")
