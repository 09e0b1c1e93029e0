// --mask FOLDER: which mask there belongs to which picture.
#pragma once

#include "cli/mask/mask_plan.h"
#include "cli/pictures/picture_list.h"
#include "src/base/status.h"

namespace tempera::cli {

// Gives each of the list's tasks its mask, where the plan's are in a folder: of a.jpg the picture
// a.jpg.png (any extension), else a.jpg, else a.png or a_mask.png; those that are called as another picture
// is are that one's. Refuses a picture that has none there or two, two that share one, masks that are to be
// painted themselves, and, of masks of every kind, a painting that would replace one. One mask for all that
// lies among them is skipped. Pictures that do not exist are left for whoever paints them to tell of.
Status GiveMasks(const MaskPlan& plan, PictureList* list);

}  // namespace tempera::cli
