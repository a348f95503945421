// tutorial_backward.h: the cells of the notebook's backward pass, section 5 of its published full versions.
#pragma once

#include <vector>

#include "notebook/tutorial.h"
#include "notebook/tutorial_cell.h"

namespace convstep::cli {

void play_conv_backward(TutorialCell& cell, std::vector<TutorialPicture>& pictures);
void play_conv_backward_v1(TutorialCell& cell, std::vector<TutorialPicture>& pictures);
void play_create_mask(TutorialCell& cell, std::vector<TutorialPicture>& pictures);
void play_distribute_value(TutorialCell& cell, std::vector<TutorialPicture>& pictures);
void play_pool_backward(TutorialCell& cell, std::vector<TutorialPicture>& pictures);

}  // namespace convstep::cli
