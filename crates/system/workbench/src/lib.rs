//! Can a part be made, what does it cost and weigh?
