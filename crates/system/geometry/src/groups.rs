//! Groups of things that belong together (a disjoint-set forest).

/// Things numbered from 0, each in one group.
#[derive(Debug, Clone)]
pub struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    /// As many groups as things.
    pub fn of_single(count: usize) -> Self {
        Self { parent: (0..count).collect() }
    }

    /// Joins the groups of two things; false where they were one already.
    pub fn join(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.first_of(one), self.first_of(other));
        self.parent[one.max(other)] = one.min(other);
        one != other
    }

    /// The lowest number in the group of a thing.
    pub fn first_of(&mut self, mut thing: usize) -> usize {
        while self.parent[thing] != thing {
            self.parent[thing] = self.parent[self.parent[thing]];
            thing = self.parent[thing];
        }
        thing
    }

    /// The lowest number in the group of each thing.
    pub fn all_firsts(mut self) -> Vec<usize> {
        (0..self.parent.len()).map(|thing| self.first_of(thing)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_is_named_by_its_lowest_number() {
        let mut groups = Groups::of_single(6);
        assert!(groups.join(5, 3) && groups.join(3, 1) && groups.join(4, 2));
        assert!(!groups.join(1, 5), "they are one group already");
        assert_eq!(groups.all_firsts(), [0, 1, 2, 1, 2, 1]);
    }
}
