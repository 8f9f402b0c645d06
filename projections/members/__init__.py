"""Book of members: who acts. Names and addresses are joined from the people table when it is asked."""
